import { describe, expect, it } from "vitest";
import {
  SlidingWindowSampler,
  type SlidingWindowSamplerOptions,
} from "../../../src/datarax/samplers/sliding-window-sampler.js";
import { int } from "../../../src/pytree/value.js";
import { ndarray } from "../../../src/zarr/nd-array.js";
import { failure } from "../../failure.js";

describe("SlidingWindowSampler", () => {
  // Texts and order of the checks as printed by Datarax 0.1.4.
  it.each<[Partial<SlidingWindowSamplerOptions>, string]>([
    [{}, "SlidingWindowSamplerConfig requires num_records."],
    [{ windowSize: 0 }, "window_size must be positive, got 0."],
    [{ numRecords: 0 }, "num_records (0) must be >= window_size (1)."],
    [{ numRecords: -1 }, "num_records (-1) must be >= window_size (1)."],
    [{ numRecords: 3, windowSize: 5 }, "num_records (3) must be >= window_size (5)."],
    [{ numRecords: 3, stride: 0 }, "stride must be positive, got 0."],
    [{ numRecords: 3, stride: -2, windowSize: -1 }, "window_size must be positive, got -1."],
  ])("refuses %o with Datarax's text", (options, message) => {
    const call = () => Reflect.construct(SlidingWindowSampler, [options]);
    expect(call).toThrow(failure("INVALID_ARGUMENT", { pythonType: "ValueError" }));
    expect(call).toThrow(message);
  });

  it.each([
    ["windowSize", 1.5],
    ["stride", Number.NaN],
    ["numRecords", 2 ** 53],
    ["numEpochs", 0.5],
    ["windowSize", null],
    ["numRecords", 5n],
  ])("refuses %s of %s", (option, value) => {
    const call = () => Reflect.construct(SlidingWindowSampler, [{ numRecords: 5, [option]: value }]);
    expect(call).toThrow(failure("INVALID_ARGUMENT", { pythonType: "TypeError" }));
  });

  it("refuses windows that no JavaScript array can hold", () => {
    expect(() => new SlidingWindowSampler({ numRecords: 2 ** 40, windowSize: 2 ** 31 })).toThrow(
      failure("INVALID_ARGUMENT"),
    );
  });

  it.each([0, -7])("goes once through the windows for %d epochs, as Python does", (numEpochs) => {
    const sampler = new SlidingWindowSampler({ numRecords: 3, numEpochs });
    expect([...sampler]).toEqual([[0], [1], [2]]);
    expect(sampler.getState()).toMatchObject({ current_epoch: 0, window_index: 3 });
  });

  it("repeats the last record in the windows at the end, or leaves them out", () => {
    const options = { numRecords: 7, windowSize: 4, stride: 3 };
    expect([...new SlidingWindowSampler({ ...options, dropIncomplete: false })]).toEqual([
      [0, 1, 2, 3],
      [3, 4, 5, 6],
      [6, 6, 6, 6],
    ]);
    expect([...new SlidingWindowSampler(options)]).toHaveLength(2);
  });

  it("has the length of one epoch, however many there are", () => {
    expect(new SlidingWindowSampler({ numRecords: 10, windowSize: 4, stride: 3, numEpochs: -1 }).length).toBe(
      3,
    );
    expect(new SlidingWindowSampler({ numRecords: 10, stride: 3, dropIncomplete: false }).length).toBe(4);
  });

  it("gives windows of their own", () => {
    const sampler = new SlidingWindowSampler({ numRecords: 4, windowSize: 2 });
    sampler.next().value?.fill(9);
    expect(sampler.next().value).toEqual([1, 2]);
  });

  it.each([
    ["exact ints", int(1)],
    ["arrays of rank 0", ndarray("int32", [], Int32Array.of(1))],
    ["bigints", 1n],
  ])("takes positions that are %s", (_, position) => {
    const sampler = new SlidingWindowSampler({ numRecords: 3, numEpochs: 2 });
    sampler.setState({ ...sampler.getState(), window_index: position, current_epoch: position });
    expect([...sampler]).toEqual([[1], [2]]);
  });

  it.each([
    ["a negative window", { window_index: -1 }],
    ["a fraction", { window_index: 0.5 }],
    ["an epoch that is text", { current_epoch: "1" }],
  ])("refuses %s and stays as it was", (_, part) => {
    const sampler = new SlidingWindowSampler({ numRecords: 5 });
    sampler.next();
    const before = sampler.getState();
    expect(() => sampler.setState({ ...before, window_index: 3, ...part })).toThrow(
      failure("INVALID_ARGUMENT"),
    );
    expect(sampler.getState()).toEqual(before);
  });

  it("refuses a state without the streams that it was built with", () => {
    const sampler = new SlidingWindowSampler({ numRecords: 5, rngs: { default: 1 } });
    expect(() => sampler.setState(new SlidingWindowSampler({ numRecords: 5 }).getState())).toThrow(
      expect.objectContaining({
        code: "CONFLICT",
        cause: expect.objectContaining({
          message: "State keys mismatch at <root>: missing=['rngs'], extra=[]",
        }),
      }),
    );
  });
});
