import { describe, expect, it } from "vitest";
import { ShuffleSampler } from "../../../src/datarax/samplers/shuffle-sampler.js";
import { int } from "../../../src/pytree/value.js";

// docs/spec/datarax.md section 4: ShuffleSampler(dataset_size=12, seed=5)
const ORDER = [4, 0, 5, 3, 7, 9, 8, 10, 11, 6, 1, 2];

function started(count: number): ShuffleSampler {
  const sampler = new ShuffleSampler({ datasetSize: 12, seed: 5 });
  for (let taken = 0; taken < count; taken++) sampler.next();
  return sampler;
}

describe("ShuffleSampler", () => {
  it("takes a state that holds nothing but sampler_state", () => {
    const sampler = new ShuffleSampler({ datasetSize: 3, seed: 1 });
    sampler.setState({ sampler_state: { dataset_size: 12, seed: 5, position: 4 } });
    expect([...sampler]).toEqual(ORDER.slice(4));
    expect(sampler.length).toBe(12);
  });

  it("takes a state that holds everything but sampler_state", () => {
    const { sampler_state: _, ...rest } = started(4).getState();
    const sampler = new ShuffleSampler({ datasetSize: 12, seed: 5 });
    sampler.setState(rest);
    expect([...sampler]).toEqual(ORDER.slice(4));
  });

  it("is not changed by an empty state", () => {
    const sampler = started(4);
    sampler.setState({});
    expect(sampler.getState()).toEqual(started(4).getState());
  });

  it("refuses any other part of a state", () => {
    const { position: _, ...rest } = started(4).getState();
    const sampler = started(1);
    for (const part of [rest, { position: 4 }, { stream_name: null }]) {
      expect(() => sampler.setState(part)).toThrow(expect.objectContaining({ code: "CONFLICT" }));
    }
    expect(sampler.getState()).toEqual(started(1).getState());
  });

  it.each([
    ["without a position", { dataset_size: 12, seed: 5 }, "position"],
    ["with a seed that Grain refuses", { dataset_size: 12, seed: 2n ** 32n, position: 4 }, "seed"],
    ["with a negative position", { dataset_size: 12, seed: 5, position: -1 }, "position"],
    ["with a size that is text", { dataset_size: "12", seed: 5, position: 1 }, "dataset_size"],
  ])("refuses a sampler_state %s and stays as it was", (_, samplerState, word) => {
    const sampler = started(1);
    expect(() => sampler.setState({ ...started(4).getState(), sampler_state: samplerState })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(word) }),
    );
    expect(sampler.getState()).toEqual(started(1).getState());
  });

  it("refuses a sampler_state that is no dict", () => {
    expect(() => started(0).setState({ sampler_state: [12, 5, 4] })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  it("marks a restored pass until its end, as Python does", () => {
    const sampler = started(0);
    expect(sampler.getState()).toMatchObject({ _resume_next_iter: false });
    sampler.setState(started(10).getState());
    expect(sampler.getState()).toMatchObject({ _resume_next_iter: true, position: 10 });
    expect([...sampler]).toEqual(ORDER.slice(10));
    expect(sampler.getState()).toMatchObject({ _resume_next_iter: false, position: 12 });
  });

  it("keeps a field of sampler_state that it does not know", () => {
    const sampler = started(0);
    sampler.setState({ sampler_state: { dataset_size: 12, seed: 5, position: 4, later: "x" } });
    sampler.next();
    expect(sampler.getState()).toMatchObject({ sampler_state: { position: 5, later: "x" } });
  });

  it("takes exact values", () => {
    const sampler = started(0);
    sampler.setState({ sampler_state: { dataset_size: int(12), seed: int(5), position: int(11) } });
    expect([...sampler]).toEqual(ORDER.slice(11));
  });

  it("starts over by reset, also with another seed", () => {
    const sampler = started(12);
    sampler.reset();
    expect([...sampler]).toEqual(ORDER);
    sampler.reset(6);
    expect([...sampler]).toEqual([...new ShuffleSampler({ datasetSize: 12, seed: 6 })]);
    expect(() => sampler.reset(-1)).toThrow("seed must be in [0, 2**32), got -1");
  });

  it.each([
    [{ datasetSize: -1, seed: -1 }, "dataset_size must be non-negative, got -1"],
    [{ datasetSize: -1 }, "dataset_size must be non-negative, got -1"],
    [{ datasetSize: 3, seed: 2 ** 32 }, "seed must be in [0, 2**32), got 4294967296"],
    [{ datasetSize: 3, seed: 0.5 }, "seed must be an integer, got 0.5"],
  ])("refuses %o", (options, message) => {
    expect(() => new ShuffleSampler(options)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message }),
    );
  });

  it("saves −0 as Python's int 0", () => {
    const state = new ShuffleSampler({ datasetSize: -0, seed: -0 }).getState();
    expect(state).toMatchObject({ sampler_state: { dataset_size: 0, seed: 0 } });
  });

  it("has no elements without records", () => {
    expect([...new ShuffleSampler({})]).toEqual([]);
  });
});
