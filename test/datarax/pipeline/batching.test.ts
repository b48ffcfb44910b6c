import { describe, expect, it } from "vitest";
import { DefaultBatcher } from "../../../src/datarax/pipeline/default-batcher.js";
import { JaxProcessSharderModule, sharderBounds } from "../../../src/datarax/pipeline/process-sharder.js";
import { tuple } from "../../../src/pytree/value.js";
import { ndarray } from "../../../src/zarr/nd-array.js";
import { failure } from "../../failure.js";
import { untyped } from "../recorder.js";

describe("DefaultBatcher", () => {
  const batcher = new DefaultBatcher<number>();

  it("groups elements, and keeps a short last group unless told otherwise", () => {
    expect([...batcher.process([1, 2, 3, 4, 5], { batchSize: 2 })]).toEqual([[1, 2], [3, 4], [5]]);
    expect([...batcher.process([1, 2, 3, 4, 5], { batchSize: 2, dropRemainder: true })]).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect([...batcher.process([], { batchSize: 2 })]).toEqual([]);
  });

  it("makes batches with a function of one's own, as they are asked for", () => {
    const taken: number[] = [];
    function* elements() {
      for (let element = 0; ; element++) {
        taken.push(element);
        yield element;
      }
    }
    const sums = new DefaultBatcher({
      collateFn: (batch: number[]) => batch.reduce((sum, value) => sum + value, 0),
    });
    const batches = sums.process(elements(), { batchSize: 3 });
    expect([batches.next().value, batches.next().value]).toEqual([3, 12]);
    expect(taken).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it.each([0, -2, 1.5, "2"])("refuses a size of %j in Python's words", (batchSize) => {
    expect(() => batcher.process([1], { batchSize: untyped(batchSize) })).toThrow(
      expect.objectContaining({
        message: `batch_size must be positive, got ${batchSize}`,
        code: "INVALID_ARGUMENT",
      }),
    );
  });
});

/** The parts of 11 records for 3 processes. */
function bounds(options: { readonly dropRemainder?: boolean }) {
  return [0, 1, 2].map((processIndex) =>
    sharderBounds(11, Object.assign({ processIndex, processCount: 3 }, options)),
  );
}

describe("sharderBounds", () => {
  it("gives each process as many records, unless the rest is to be kept", () => {
    const equal = [
      [0, 3],
      [3, 6],
      [6, 9],
    ];
    expect([bounds({}), bounds({ dropRemainder: true })]).toEqual([equal, equal]);
    expect(bounds({ dropRemainder: false })).toEqual([
      [0, 4],
      [4, 8],
      [8, 11],
    ]);
  });

  it.each([
    [-1, 0, 1],
    [1.5, 0, 1],
    [5, 1, 1],
    [5, -1, 1],
    [5, 0, 0],
  ])("refuses %d records for process %d of %d", (records, processIndex, processCount) => {
    expect(() => sharderBounds(records, { processIndex, processCount })).toThrow(failure("INVALID_ARGUMENT"));
  });
});

function sharder() {
  return new JaxProcessSharderModule({ processIndex: 1, processCount: 2, localDeviceCount: 4 });
}

describe("JaxProcessSharderModule", () => {
  it("cuts out the process's part of lists and arrays", () => {
    expect(sharder().shardData(["a", "b", "c", "d", "e"])).toEqual(["c", "d"]);
    expect(sharder().shardData(Int8Array.of(1, 2, 3, 4))).toEqual(Int8Array.of(3, 4));
    const array = ndarray("int32", [2, 2], Int32Array.of(1, 2, 3, 4));
    expect(sharder().shardData(array)).toEqual(ndarray("int32", [1, 2], Int32Array.of(3, 4)));
  });

  it("has Python's state, with rules only where there are some", () => {
    expect(sharder().getState()).toEqual({
      _applied_count: ndarray("int32", [], Int32Array.of(0)),
      _computed_stats: null,
      _skipped_count: ndarray("int32", [], Int32Array.of(0)),
      local_device_count: 4,
      process_count: 2,
      process_index: 1,
    });
    const shardingRules = [["batch", "data"]] as const;
    expect(new JaxProcessSharderModule({ shardingRules }).getState().sharding_rules).toEqual([
      ["batch", "data"],
    ]);
  });

  it("takes over another place, and rules whether it has some or not", () => {
    const other = new JaxProcessSharderModule();
    const rules = [tuple(["batch", null])];
    other.setState({ ...sharder().getState(), sharding_rules: rules });
    expect(other.shardBounds(10)).toEqual([5, 10]);
    expect(other.getState()).toEqual({ ...sharder().getState(), sharding_rules: rules });
    other.setState(sharder().getState());
    expect(other.getState().sharding_rules).toEqual(rules);
  });

  it.each([
    [{ process_count: 0 }, "INVALID_ARGUMENT"],
    [{ process_index: 2 }, "INVALID_ARGUMENT"],
    [{ process_index: 0.5 }, "INVALID_ARGUMENT"],
    [{ local_device_count: -1 }, "INVALID_ARGUMENT"],
    [{ sharding_rules: 3 }, "INVALID_ARGUMENT"],
    [{ more: 1 }, "CONFLICT"],
  ])("refuses %j, and stays what it was", (change, code) => {
    const one = sharder();
    const before = one.getState();
    expect(() => one.setState({ ...before, process_index: 0, ...change })).toThrow(failure(code));
    expect(one.getState()).toEqual(before);
  });
});
