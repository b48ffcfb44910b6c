import { describe, expect, it } from "vitest";
import { ArrayRecordSourceModule } from "../../../src/datarax/sources/array-record-source.js";
import { takeToEnd } from "../../elements.js";
import { failure } from "../../failure.js";
import { untyped } from "../recorder.js";

// Orders and texts of Datarax 0.1.4 with NumPy 2.3.5.

describe("ArrayRecordSourceModule", () => {
  it("goes through NumPy's shuffles, epoch after epoch", () => {
    const source = new ArrayRecordSourceModule({ totalRecords: 4, shuffleFiles: true, seed: 3 });
    expect(takeToEnd(source, 9).next).toEqual([3, 1, 0, 2, 0, 1, 3, 2, 0]);
    expect(source.getState()).toMatchObject({
      current_epoch: 2,
      current_index: 1,
      shuffled_indices: [0, 1, 2, 3],
    });
  });

  it("stays at its end, index 0 of the epoch behind the last", () => {
    const source = new ArrayRecordSourceModule({ totalRecords: 4, numEpochs: 2 });
    expect([...source]).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
    expect([...source]).toEqual([]);
    expect(source.getState()).toMatchObject({
      current_epoch: 2,
      current_index: 0,
      iterator_initialized: true,
    });
  });

  it.each([-3, 2 ** 32])("refuses seed %d in NumPy's words, where it shuffles", (seed) => {
    const message = "Seed must be between 0 and 2**32 - 1";
    const make = (shuffleFiles: boolean) =>
      new ArrayRecordSourceModule({ totalRecords: 4, shuffleFiles, seed });
    expect(() => make(true)).toThrow(expect.objectContaining({ message, code: "INVALID_ARGUMENT" }));
    expect(make(false).next().value).toBe(0);
  });

  it("refuses the epoch whose seed is too large, and stays where it is", () => {
    const source = new ArrayRecordSourceModule({ totalRecords: 4, shuffleFiles: true, seed: 2 ** 32 - 1 });
    expect(takeToEnd(source, 4).next).toEqual([1, 0, 2, 3]);
    const before = source.getState();
    for (const _ of [1, 2]) expect(() => source.next()).toThrow("Seed must be between 0 and 2**32 - 1");
    expect(source.getState()).toEqual(before);
  });

  it("gives batches and records in the order of the present epoch, and does not move", () => {
    const source = new ArrayRecordSourceModule({ totalRecords: 4, shuffleFiles: true, seed: 3 });
    expect(source.getBatchAt(3, 6)).toEqual([2, 3, 1, 0, 2, 3]);
    expect(source.getBatchAt(-3, 4)).toEqual([1, 0, 2, 3]);
    expect([source.at(0), source.at(-1)]).toEqual([3, 2]);
    expect(source.next().value).toBe(3);
  });

  it("refuses an index outside, and anything where there are no records, in Python's words", () => {
    expect(() => new ArrayRecordSourceModule({ totalRecords: 4 }).at(4)).toThrow(
      "Index 4 out of range for dataset with 4 elements",
    );
    const empty = new ArrayRecordSourceModule({ totalRecords: 0 });
    expect(() => empty.getBatchAt(0, 1)).toThrow("integer modulo by zero");
    expect(() => empty.next()).toThrow("Index 0 out of range for dataset with 0 elements");
    expect(empty.getBatchAt(0, 0)).toEqual([]);
  });

  it.each([
    { totalRecords: -1 },
    { totalRecords: 1.5 },
    { totalRecords: 2 ** 31 },
    { numEpochs: 0.5 },
    { seed: "a" },
  ])("refuses %j", (options) => {
    expect(() => new ArrayRecordSourceModule(untyped({ totalRecords: 3, ...options }))).toThrow(
      failure("INVALID_ARGUMENT"),
    );
  });

  it("keeps an order that a state gives, where it does not shuffle itself", () => {
    const source = new ArrayRecordSourceModule({ totalRecords: 4 });
    source.setState({ ...source.getState(), shuffled_indices: [3, 2, 1, 0], current_index: 2 });
    expect(takeToEnd(source, 8).next).toEqual([1, 0, 3, 2, 1, 0, 3, 2]);
  });

  it("takes a state without prefetch_cache, which an empty one is on disk, and gives it back", () => {
    const source = new ArrayRecordSourceModule({ totalRecords: 4 });
    const { prefetch_cache: cache, ...rest } = source.getState();
    expect(cache).toEqual({});
    source.setState({ ...rest, current_index: 1 });
    expect(source.getState()).toMatchObject({ current_index: 1, prefetch_cache: {} });
  });

  it("keeps its place where a state is refused", () => {
    const source = new ArrayRecordSourceModule({ totalRecords: 3, shuffleFiles: true, rngs: { default: 1 } });
    takeToEnd(source, 2);
    const before = source.getState();
    for (const change of [
      { current_index: -1 },
      { current_epoch: 0.5 },
      { total_records: 4 },
      { iterator_initialized: "yes" },
      { shuffled_indices: [0, 1] },
      { shuffled_indices: [0, 1, 1] },
      { rngs: { default: 3 } },
    ]) {
      expect(() => source.setState({ ...before, ...change })).toThrow(failure("INVALID_ARGUMENT"));
    }
    const { rngs: _, ...rest } = before;
    expect(() => source.setState(rest)).toThrow(
      expect.objectContaining({
        code: "CONFLICT",
        cause: expect.objectContaining({
          message: "State keys mismatch at <root>: missing=['rngs'], extra=[]",
        }),
      }),
    );
    expect(source.getState()).toEqual(before);
  });
});
