import { invalidArgument } from "../../errors.js";
import { checkShardOptions, evenSplit } from "../../grain/shard-options.js";
import { requireList } from "../../grain/structure-arguments.js";
import { dictOf, isList } from "../../pytree/container.js";
import { countOf, requiredField } from "../../pytree/state-values.js";
import { type Dict, type Tree, Tuple } from "../../pytree/value.js";
import type { Rngs } from "../../random/rngs.js";
import type { State } from "../checkpointable-iterator.js";
import { ModuleFields, requireDictState } from "../module-fields.js";
import { openRngs, type RngsOption, rngsEntries, rngsRestorer } from "../rngs-state.js";
import { type Column, isColumn, type RowsOf, rowCount, rowsAt } from "../sources/column.js";
import { type ModuleStructure, validateStructure } from "../state-structure.js";

/** A logical axis, and the axis of the device mesh that it lies along, if any. */
export type ShardingRule = readonly [logical: string, physical: string | null];

/** Options of {@link JaxProcessSharderModule}. Python asks JAX for the three numbers. */
export type ProcessSharderOptions = {
  /** This process, from 0. Default 0. */
  readonly processIndex?: number;
  /** Processes in all. Default 1. */
  readonly processCount?: number;
  /** Devices of this process. Only carried along. Default 1. */
  readonly localDeviceCount?: number;
  /** Whether all processes have the same number of records and the rest is left out. Default true. */
  readonly dropRemainder?: boolean;
  /** Only carried along. Default: none. */
  readonly shardingRules?: readonly ShardingRule[];
  /** Streams that the Python side's sharder was built with, so that the states match. */
  readonly rngs?: RngsOption;
};

/** Where a process is among others. */
type Topology = {
  readonly processIndex: number;
  readonly processCount: number;
  readonly localDeviceCount: number;
};

const STRUCTURE: ModuleStructure = { dicts: ["rngs"] };

/**
 * The half-open interval of records of a process (docs/spec/datarax.md section 5.5). Without `dropRemainder` the first
 * processes have one record more where the parts cannot be equal.
 *
 * @param options.dropRemainder Default true, as Datarax has it.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for numbers that cannot be.
 */
export function sharderBounds(
  numRecords: number,
  options: {
    readonly processIndex: number;
    readonly processCount: number;
    readonly dropRemainder?: boolean;
  },
): [start: number, end: number] {
  const { processIndex, processCount, dropRemainder = true } = options;
  return evenSplit(numRecords, { shardIndex: processIndex, shardCount: processCount, dropRemainder });
}

/** The part of the records that a process of a JAX program has: Datarax's sharder, with its state. */
export class JaxProcessSharderModule {
  readonly #dropRemainder: boolean;
  readonly rngs: Rngs | undefined;
  #fields = ModuleFields.initial();
  #topology: Topology;
  #shardingRules: Tree | undefined;

  /** @throws {OrbaxError} `INVALID_ARGUMENT` for a process that cannot be. */
  constructor(options: ProcessSharderOptions = {}) {
    const { processIndex = 0, processCount = 1, localDeviceCount = 1, dropRemainder = true } = options;
    this.#topology = checkedTopology({ processIndex, processCount, localDeviceCount });
    this.#dropRemainder = dropRemainder;
    const rules = requireList(options.shardingRules ?? [], "shardingRules");
    this.#shardingRules =
      rules.length === 0 ? undefined : rules.map((rule) => requireList(rule, "shardingRules").slice());
    this.rngs = openRngs(options.rngs);
  }

  /** The process's interval of `numRecords` records, its end not included. */
  shardBounds(numRecords: number): [start: number, end: number] {
    const { processIndex, processCount } = this.#topology;
    return sharderBounds(numRecords, { processIndex, processCount, dropRemainder: this.#dropRemainder });
  }

  /** The process's records of a list, a typed array, or an array along its first axis. */
  shardData<C extends Column>(data: C): RowsOf<C> {
    if (!isColumn(data))
      throw invalidArgument("data: expected an array or a list", { pythonType: "TypeError" });
    const [start, end] = this.shardBounds(rowCount(data));
    return rowsAt(
      data,
      Array.from({ length: end - start }, (_, offset) => start + offset),
    );
  }

  /** Python's state, with all its fields. */
  getState(): State {
    return this.#fields.stateWith(this.#ownState());
  }

  #ownState(): Dict {
    const { processIndex, processCount, localDeviceCount } = this.#topology;
    const entries: [string, Tree][] = [
      ["local_device_count", localDeviceCount],
      ["process_count", processCount],
      ["process_index", processIndex],
    ];
    if (this.#shardingRules !== undefined) entries.push(["sharding_rules", this.#shardingRules]);
    return dictOf([...entries, ...rngsEntries(this.rngs)]);
  }

  /**
   * Takes over a saved sharder's place, whatever this one had: a state of another process makes it that process.
   *
   * @throws {OrbaxError} `CONFLICT` with Datarax's text for a state of another structure · `INVALID_ARGUMENT` for a process
   * that cannot be; the sharder is then as before.
   */
  setState(state: State): void {
    const { sharding_rules: shardingRules, ...saved } = requireDictState(state);
    const { sharding_rules: _, ...own } = this.#ownState(); // Python sets them without a comparison
    validateStructure({ ...this.#fields.base, ...own }, saved, STRUCTURE);
    const field = (name: string) => countOf(requiredField(saved, name), name);
    const topology = checkedTopology({
      processIndex: field("process_index"),
      processCount: field("process_count"),
      localDeviceCount: field("local_device_count"),
    });
    if (shardingRules !== undefined && !isList(shardingRules) && !Tuple.is(shardingRules)) {
      throw invalidArgument("state: sharding_rules is no list", {
        field: "sharding_rules",
        pythonType: "TypeError",
      });
    }
    const restoreStreams = rngsRestorer(this.rngs, saved);
    restoreStreams();
    this.#fields = this.#fields.restored(saved);
    this.#topology = topology;
    if (shardingRules !== undefined) this.#shardingRules = shardingRules;
  }
}

function checkedTopology(topology: Topology): Topology {
  const { processIndex, processCount, localDeviceCount } = topology;
  checkShardOptions({ shardIndex: processIndex, shardCount: processCount });
  if (Number.isSafeInteger(localDeviceCount) && localDeviceCount >= 0) return topology;
  throw invalidArgument(
    `local_device_count must be a non-negative integer, got ${String(localDeviceCount)}`,
    {
      field: "local_device_count",
      pythonType: "TypeError",
    },
  );
}
