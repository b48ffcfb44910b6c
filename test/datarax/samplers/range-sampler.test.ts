import { describe, expect, it } from "vitest";
import { RangeSampler, type RangeSamplerOptions } from "../../../src/datarax/samplers/range-sampler.js";
import { int } from "../../../src/pytree/value.js";
import { failure } from "../../failure.js";

/** 3, 7, 11, 15 */
function started(count: number): RangeSampler {
  const sampler = new RangeSampler({ start: 3, stop: 20, step: 4 });
  for (let taken = 0; taken < count; taken++) sampler.next();
  return sampler;
}

describe("RangeSampler", () => {
  // As printed by Datarax 0.1.4.
  it.each<[RangeSamplerOptions, number[]]>([
    [{}, []],
    [{ start: 5 }, [0, 1, 2, 3, 4]],
    [{ start: 3, stop: 20, step: 4 }, [3, 7, 11, 15]],
    [{ start: 10, stop: 0, step: -3 }, [10, 7, 4]],
    [{ start: 5, stop: 5 }, []],
    [{ start: -5, step: -2 }, [0, -2]],
  ])("%o has Datarax's elements", (options, elements) => {
    const sampler = new RangeSampler(options);
    expect(sampler.length).toBe(elements.length);
    expect([...sampler]).toEqual(elements);
  });

  it.each<[RangeSamplerOptions, string]>([
    [{ step: 0 }, "Step cannot be zero"],
    [{ start: 5, stop: 0, step: 0 }, "Step cannot be zero"],
    [{ start: 5, stop: 0 }, "Range with start=5, stop=0, step=1 would be empty"],
    [{ start: -5 }, "Range with start=0, stop=-5, step=1 would be empty"],
    [{ start: 1, stop: 3, step: 4 }, "Range with start=1, stop=3, step=4 would be empty"],
  ])("refuses %o with Datarax's text", (options, message) => {
    expect(() => new RangeSampler(options)).toThrow(
      failure("INVALID_ARGUMENT", { pythonType: "ValueError" }),
    );
    expect(() => new RangeSampler(options)).toThrow(message);
  });

  it.each<RangeSamplerOptions>([
    { start: 0.5 },
    { start: 0, stop: 10, step: 2.5 },
    { stop: Number.POSITIVE_INFINITY },
    { start: -(2 ** 53 - 1), stop: 2 ** 53 - 1 },
  ])("refuses %o, whose elements are no exact integers", (options) => {
    expect(() => new RangeSampler(options)).toThrow(failure("INVALID_ARGUMENT", { pythonType: "TypeError" }));
  });

  it("saves the next element as position, at the end what would follow", () => {
    const sampler = started(2);
    expect(sampler.getState()).toMatchObject({
      _current_position: 11,
      sampler_state: { start: 3, stop: 20, step: 4, current_position: 11 },
    });
    expect([...sampler]).toEqual([11, 15]);
    expect(sampler.getCurrentPosition()).toBe(19);
    const other = started(0);
    other.setState(sampler.getState());
    expect([...other]).toEqual([]);
  });

  it("goes to where the caller knows that the stream was", () => {
    const sampler = started(0);
    sampler.setCurrentPosition(3 + 2 * 4);
    expect([...sampler]).toEqual([11, 15]);
    sampler.setCurrentPosition(20);
    expect([...sampler]).toEqual([]);
    for (const position of [4, -1, 11.5]) {
      expect(() => sampler.setCurrentPosition(position)).toThrow(failure("INVALID_ARGUMENT"));
    }
  });

  it("takes a state that holds nothing but sampler_state, or a part of it", () => {
    const sampler = started(0);
    sampler.setState({ sampler_state: { start: int(10), stop: 0, step: -3n, current_position: 7 } });
    expect([...sampler]).toEqual([7, 4]);
    expect(sampler.length).toBe(3);
    sampler.setState({ sampler_state: { current_position: 10 } });
    expect([...sampler]).toEqual([10, 7, 4]);
  });

  it("takes a state that holds everything but sampler_state", () => {
    const { sampler_state: _, ...rest } = started(2).getState();
    const sampler = started(0);
    sampler.setState(rest);
    expect([...sampler]).toEqual([11, 15]);
  });

  it("believes sampler_state where the positions differ, as Python does", () => {
    const sampler = started(0);
    sampler.setState({ ...started(2).getState(), _current_position: 3 });
    expect([...sampler]).toEqual([11, 15]);
  });

  it("is not changed by an empty state", () => {
    const sampler = started(2);
    sampler.setState({});
    expect(sampler.getState()).toEqual(started(2).getState());
  });

  it("keeps what else a sampler_state has", () => {
    const sampler = started(0);
    sampler.setState({ sampler_state: { current_position: 7, later: "x" } });
    sampler.next();
    expect(sampler.getState()).toMatchObject({ sampler_state: { current_position: 11, later: "x" } });
  });

  it.each([
    ["a step of 0", { step: 0 }],
    ["no end", { stop: null }],
    ["a position between two elements", { current_position: 4 }],
    ["a position before the range", { current_position: -1 }],
    ["a position that is a float", { current_position: 7.5 }],
    ["a start that is text", { start: "3" }],
  ])("refuses a sampler_state with %s and stays as it was", (_, part) => {
    const sampler = started(1);
    const samplerState = { start: 3, stop: 20, step: 4, current_position: 11, ...part };
    expect(() => sampler.setState({ ...started(2).getState(), sampler_state: samplerState })).toThrow(
      failure("INVALID_ARGUMENT"),
    );
    expect(sampler.getState()).toEqual(started(1).getState());
  });

  it("refuses a sampler_state that is no dict, and other fields", () => {
    expect(() => started(0).setState({ sampler_state: null })).toThrow(failure("INVALID_ARGUMENT"));
    expect(() => started(0).setState({ start: 3 })).toThrow(failure("CONFLICT"));
  });

  it("begins with 0, not −0", () => {
    const state = new RangeSampler({ start: -0, stop: 3 }).getState();
    expect(state).toMatchObject({ _current_position: 0, sampler_state: { start: 0, current_position: 0 } });
  });
});
