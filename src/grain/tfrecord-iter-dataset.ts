import { invalidArgument } from "../errors.js";
import { dictOf } from "../pytree/container.js";
import { countOf, requiredField } from "../pytree/state-values.js";
import { openRecordFile, type RecordFile, type RecordFileOptions } from "../records/record-file.js";
import { TfRecordScanner } from "../records/tfrecord-scanner.js";
import { Shared } from "../storage/shared.js";
import { IterDataset } from "./iter-dataset.js";
import { type ElementIterator, END, element, type IteratorState, type IterNode } from "./node.js";

/** Options of {@link TFRecordIterDataset}. */
export type TFRecordIterDatasetOptions = RecordFileOptions & {
  /** Whether both checksums of every record are compared, which Python's does not. Default: true. */
  readonly verify?: boolean | undefined;
};

/**
 * The records of a TFRecord file, front to back: Grain's `experimental.TFRecordIterDataset`. The state is
 * `{ reader_offset }`, the byte at which the next record begins (docs/spec/orbax-layout-extra.md section 11).
 *
 * It reads, so iterate with `for await`. A missing file, a cut record and a wrong checksum are thrown by the step that
 * meets them, which can be tried again.
 *
 * @example for await (const record of new TFRecordIterDataset("train.tfrecord")) console.log(record.length);
 */
export class TFRecordIterDataset extends IterDataset<Uint8Array> {
  /**
   * @throws {OrbaxError} `INVALID_ARGUMENT` for what is no path.
   * @param path A path or `file:` URL, or with `storage` the path in that.
   */
  constructor(path: string | URL, options: TFRecordIterDatasetOptions = {}) {
    if (typeof path !== "string" && !(path instanceof URL)) {
      throw invalidArgument("path: expected a path or a URL", { pythonType: "TypeError" });
    }
    super(tfRecordIter(path, options));
  }
}

/** {@link TFRecordIterDataset} as a node. */
export function tfRecordIter(
  path: string | URL,
  { verify = true, ...options }: TFRecordIterDatasetOptions = {},
): IterNode<Uint8Array> {
  return {
    parents: [],
    open: () => new TfRecordIterator(new Shared(() => openRecordFile(path, options)), verify, options.signal),
  };
}

class TfRecordIterator implements ElementIterator<Uint8Array> {
  readonly #file: Shared<RecordFile>;
  readonly #verify: boolean;
  readonly #signal: AbortSignal | undefined;
  #offset = 0;
  #scanner: TfRecordScanner | undefined;

  constructor(file: Shared<RecordFile>, verify: boolean, signal: AbortSignal | undefined) {
    this.#file = file;
    this.#verify = verify;
    this.#signal = signal;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#scanner ??= new TfRecordScanner(await this.#file.get(), {
      offset: this.#offset,
      verify: this.#verify,
    });
    const data = await this.#scanner.next({ signal: this.#signal });
    this.#offset = this.#scanner.offset;
    return data === undefined ? END : element(data);
  }

  getState(): IteratorState {
    return dictOf([["reader_offset", this.#offset]]);
  }

  /** As in Python, an offset that lies behind the file ends the iteration; one inside a record gives what it gives. */
  setState(state: IteratorState): void {
    this.#offset = countOf(requiredField(state, "reader_offset"), "reader_offset");
    this.#scanner = undefined;
  }
}
