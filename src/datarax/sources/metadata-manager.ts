import { dictOf } from "../../pytree/container.js";
import { countOf, dictFieldOf, requiredField } from "../../pytree/state-values.js";
import type { Dict } from "../../pytree/value.js";
import type { RandomKey } from "../../random/jax-random.js";
import type { Rngs } from "../../random/rngs.js";

/** What a source tells of a record beside its data: Datarax's `RecordMetadata`. */
export type RecordMetadata = {
  /** Records before this one, since the source was made or reset. */
  readonly index: number;
  /** The record's index, or `batch_<batch>_<place>` of a batch. */
  readonly recordKey: number | string;
  /** A key of the stream `metadata`, if there is one. */
  readonly rngKey: RandomKey | null;
  readonly epoch: number;
  readonly globalStep: number;
  readonly batchIdx: number;
  readonly shardId: number | null;
  readonly sourceInfo: {
    readonly source: "memory";
    /** The record's index, where one record was asked for. */
    readonly index?: number;
    /** The record's place in its batch. */
    readonly batchPosition?: number;
    readonly randomOrderEnabled: boolean;
  };
};

type Counts = {
  readonly batchIdx: number;
  readonly epoch: number;
  readonly globalStep: number;
  readonly index: number;
};

const START: Counts = { batchIdx: 0, epoch: 0, globalStep: 0, index: 0 };

/** Counts the records that a source gave with metadata: Datarax's `MetadataManager`. */
export class MetadataManager {
  #counts = START;
  readonly #rngs: Rngs | undefined;
  readonly #shardId: number | null;

  constructor(rngs: Rngs | undefined, shardId: number | null) {
    this.#rngs = rngs;
    this.#shardId = shardId;
  }

  /** The metadata of the next record. */
  create(recordKey: number | string, sourceInfo: RecordMetadata["sourceInfo"]): RecordMetadata {
    const counts = this.#counts;
    const rngKey = this.#rngs?.has("metadata") === true ? this.#rngs.next("metadata") : null;
    this.#counts = { ...counts, index: counts.index + 1, globalStep: counts.globalStep + 1 };
    return { ...counts, recordKey, rngKey, shardId: this.#shardId, sourceInfo };
  }

  /** The number of the present batch. */
  get batchIdx(): number {
    return this.#counts.batchIdx;
  }

  nextBatch(): void {
    this.#counts = { ...this.#counts, batchIdx: this.#counts.batchIdx + 1 };
  }

  reset(): void {
    this.#counts = START;
  }

  /** What Python's state holds under `state`. */
  getState(): Dict {
    const { batchIdx, epoch, globalStep, index } = this.#counts;
    return dictOf([
      ["batch_idx", batchIdx],
      ["epoch", epoch],
      ["global_step", globalStep],
      ["index", index],
    ]);
  }

  /**
   * Reads what {@link getState} gave, and gives what takes it over.
   *
   * @param saved The source's `metadata_manager`.
   * @throws {OrbaxError} `INVALID_ARGUMENT` for what are no counts.
   */
  restorer(saved: Dict): () => void {
    const state = dictFieldOf(requiredField(saved, "state"), "metadata_manager.state");
    const count = (field: string) => countOf(requiredField(state, field), `metadata_manager.state.${field}`);
    const counts = {
      batchIdx: count("batch_idx"),
      epoch: count("epoch"),
      globalStep: count("global_step"),
      index: count("index"),
    };
    return () => {
      this.#counts = counts;
    };
  }
}
