import { describe, expect, it } from "vitest";
import { SequentialSamplerModule } from "../../../src/datarax/samplers/sequential-sampler.js";
import { float, int, prngKey, scalar } from "../../../src/pytree/value.js";
import { ndarray } from "../../../src/zarr/nd-array.js";

const INCOMPATIBLE =
  "Checkpoint state is structurally incompatible with module state. " +
  "Regenerate checkpoints after architecture/config changes.";

function conflict(reason: string) {
  return expect.objectContaining({
    code: "CONFLICT",
    message: INCOMPATIBLE,
    details: expect.objectContaining({ pythonType: "ValueError" }),
    cause: expect.objectContaining({ message: reason }),
  });
}

describe("SequentialSamplerModule", () => {
  it("goes on after a loop that was left early", () => {
    const sampler = new SequentialSamplerModule({ numRecords: 5 });
    for (const record of sampler) if (record === 1) break;
    expect([...sampler]).toEqual([2, 3, 4]);
    expect(sampler[Symbol.iterator]()).toBe(sampler);
  });

  it("starts over only by reset", () => {
    const sampler = new SequentialSamplerModule({ numRecords: 2 });
    expect([...sampler, ...sampler]).toEqual([0, 1]);
    sampler.reset();
    expect([...sampler]).toEqual([0, 1]);
  });

  it("knows the length of all epochs", () => {
    expect(new SequentialSamplerModule({ numRecords: 5, numEpochs: 3 }).length).toBe(15);
    expect(() => new SequentialSamplerModule({ numRecords: 5, numEpochs: -1 }).length).toThrow(
      "Cannot determine length for infinite epochs",
    );
  });

  it.each([
    [0, 1, "num_records must be positive, got 0"],
    [3, 0, "num_epochs must be positive or -1 (infinite), got 0"],
    [3, -2, "num_epochs must be positive or -1 (infinite), got -2"],
    [1.5, 1, "num_records must be an integer, got 1.5"],
  ])("refuses %d records and %d epochs", (numRecords, numEpochs, message) => {
    expect(() => new SequentialSamplerModule({ numRecords, numEpochs })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message }),
    );
  });

  // The order of Datarax's checks.
  it.each([
    [{ numEpochs: 0 }, "num_records is required"],
    [{ numRecords: null, numEpochs: 0 }, "num_records is required"],
    [{ numRecords: 0, numEpochs: null }, "num_records must be positive, got 0"],
    [{ numRecords: 3, numEpochs: null }, "num_epochs must be an integer, got null"],
    [{ numRecords: 3n }, "num_records must be an integer, got 3n"],
  ])("refuses %o from JavaScript", (options, message) => {
    expect(() => Reflect.construct(SequentialSamplerModule, [options])).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message }),
    );
  });

  it("takes the numbers of records and epochs from the state", () => {
    const sampler = new SequentialSamplerModule({ numRecords: 5 });
    sampler.setState({ ...sampler.getState(), num_records: 3, num_epochs: 2, current_index: 2 });
    expect([...sampler]).toEqual([2, 0, 1, 2]);
  });

  it.each([
    ["a bigint", 3n],
    ["an exact int", int(3)],
    ["an exact int of another width", scalar("uint8", 3)],
    ["an array of rank 0", ndarray("int64", [], BigInt64Array.of(3n))],
  ])("takes a position that is %s", (_, current_index) => {
    const sampler = new SequentialSamplerModule({ numRecords: 5 });
    sampler.setState({ ...sampler.getState(), current_index });
    expect(sampler.next().value).toBe(3);
  });

  it.each([
    ["a float", float(3)],
    ["a fraction", 3.5],
    ["a string", "3"],
    ["a boolean", true],
    ["None", null],
    ["negative", -1],
    ["an array of several", ndarray("int32", [2], Int32Array.of(1, 2))],
    ["an int that JavaScript cannot count to", 2n ** 60n],
  ])("refuses a position that is %s and stays as it was", (_, current_index) => {
    const sampler = new SequentialSamplerModule({ numRecords: 5 });
    sampler.next();
    const before = sampler.getState();
    expect(() => sampler.setState({ ...before, num_records: 9, current_index })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
    expect(sampler.getState()).toEqual(before);
  });

  it("refuses a state without records", () => {
    const sampler = new SequentialSamplerModule({ numRecords: 5 });
    expect(() => sampler.setState({ ...sampler.getState(), num_records: 0 })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: "num_records must be positive, got 0" }),
    );
  });

  it("refuses a state with a field too few and a field too many", () => {
    const sampler = new SequentialSamplerModule({ numRecords: 5 });
    const { current_epoch: _, ...rest } = sampler.getState();
    expect(() => sampler.setState({ ...rest, added: 1 })).toThrow(
      conflict("State keys mismatch at <root>: missing=['current_epoch'], extra=['added']"),
    );
  });

  it("refuses counters of another dtype or shape, but takes plain numbers", () => {
    const sampler = new SequentialSamplerModule({ numRecords: 5 });
    const state = sampler.getState();
    const int64 = ndarray("int64", [], BigInt64Array.of(0n));
    expect(() => sampler.setState({ ...state, _applied_count: int64 })).toThrow(
      conflict("Array dtype mismatch at _applied_count: expected int32, got int64"),
    );
    const pair = ndarray("int32", [2], Int32Array.of(0, 0));
    expect(() => sampler.setState({ ...state, _skipped_count: pair })).toThrow(
      conflict("Array shape mismatch at _skipped_count: expected (), got (2,)"),
    );
    sampler.setState({ ...state, _applied_count: 7 });
    expect(sampler.getState()).toEqual({ ...state, _applied_count: ndarray("int32", [], Int32Array.of(7)) });
  });

  it("may lack the stream's name", () => {
    const sampler = new SequentialSamplerModule({ numRecords: 5 });
    const { stream_name: _, ...rest } = sampler.getState();
    sampler.setState({ ...rest, current_index: 4 });
    expect([...sampler]).toEqual([4]);
  });

  it("saves the keys of its seeds: (0, seed mod 2^32)", () => {
    const rngs = { default: -1, big: 2n ** 40n + 5n };
    const sampler = new SequentialSamplerModule({ numRecords: 5, rngs });
    const count = ndarray("uint32", [], Uint32Array.of(0));
    expect(sampler.getState()).toMatchObject({
      rngs: {
        default: { count, key: prngKey([], Uint32Array.of(0, 4294967295)) },
        big: { count, key: prngKey([], Uint32Array.of(0, 5)) },
      },
    });
  });

  it("compares the names of random streams and keeps the saved ones", () => {
    const sampler = new SequentialSamplerModule({ numRecords: 5, rngs: { default: 0 } });
    const state = sampler.getState();
    const saved = { default: { count: 3, key: prngKey([], Uint32Array.of(0, 9)) } };
    sampler.setState({ ...state, rngs: saved });
    expect(sampler.getState()).toMatchObject({
      rngs: { default: { count: ndarray("uint32", [], Uint32Array.of(3)), key: saved.default.key } },
    });
    expect(() => sampler.setState({ ...state, rngs: { other: saved.default } })).toThrow(
      conflict("State keys mismatch at rngs: missing=['default'], extra=['other']"),
    );
    expect(() => sampler.setState({ ...state, rngs: 5 })).toThrow(
      conflict("State node type mismatch at rngs: expected dict, got int"),
    );
    const { rngs: _, ...rest } = state;
    expect(() => sampler.setState(rest)).toThrow(
      conflict("State keys mismatch at <root>: missing=['rngs'], extra=[]"),
    );
  });

  it("keeps the types of an exact state", () => {
    const sampler = new SequentialSamplerModule({ numRecords: 5 });
    sampler.setState({
      ...sampler.getState(),
      current_index: ndarray("int64", [], BigInt64Array.of(3n)),
      _computed_stats: float(2),
    });
    sampler.next();
    expect(sampler.getState()).toMatchObject({
      current_index: ndarray("int64", [], BigInt64Array.of(4n)),
      _computed_stats: float(2),
    });
  });
});
