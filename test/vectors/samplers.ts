import { BufferSampler } from "../../src/datarax/samplers/buffer-sampler.js";
import { EpochAwareSamplerModule } from "../../src/datarax/samplers/epoch-aware-sampler.js";
import { RangeSampler, type RangeSamplerOptions } from "../../src/datarax/samplers/range-sampler.js";
import { SequentialSamplerModule } from "../../src/datarax/samplers/sequential-sampler.js";
import { ShuffleSampler } from "../../src/datarax/samplers/shuffle-sampler.js";
import { SlidingWindowSampler } from "../../src/datarax/samplers/sliding-window-sampler.js";
import { untyped } from "../datarax/recorder.js";
import { optionsOf } from "./camel-case.js";
import { requireSame, requireSameState } from "./same.js";
import { checkStream, stateOf, type VectorStream, vectorStream } from "./stream.js";
import { listIn, objectIn, type Vector } from "./vector-test.js";

/** Samplers that are iterators: how one is made of its configuration, and how Python's state is to be taken. */
const CHECKS: { readonly [name: string]: ((vector: Vector) => void) | undefined } = {
  SequentialSamplerModule: (vector) =>
    checkStream(() => vectorStream(new SequentialSamplerModule(untyped(configOf(vector)))), vector),
  ShuffleSampler: (vector) => checkStream(() => vectorStream(new ShuffleSampler(configOf(vector))), vector),
  EpochAwareSamplerModule: (vector) =>
    checkStream(() => vectorStream(new EpochAwareSamplerModule(untyped(configOf(vector)))), vector),
  SlidingWindowSampler: (vector) =>
    checkStream(() => vectorStream(new SlidingWindowSampler(untyped(configOf(vector)))), vector),
  RangeSampler: (vector) =>
    checkStream(() => rangeStream(configOf(vector)), vector, {
      positions: ["current_position", "_current_position"],
    }),
  BufferSampler: checkBuffer,
};

/** The check of a sampler's class; `undefined` for others. */
export function samplerCheck(name: string): ((vector: Vector) => void) | undefined {
  return CHECKS[name];
}

function configOf(vector: Vector) {
  return optionsOf(objectIn(vector, "config"));
}

function rangeStream(options: RangeSamplerOptions): VectorStream {
  const sampler = new RangeSampler(options);
  const { start = 0, stop = null, step = 1 } = options;
  const first = stop === null ? 0 : start;
  return {
    ...vectorStream(sampler),
    continueBehind: (consumed) => sampler.setCurrentPosition(first + consumed * step),
  };
}

/**
 * `{element_spec, inputs_first, first, masked_input, masked_output, state, restored, inputs_next, next}`: what pushes
 * give, one with a false mask, and those behind a restore.
 */
function checkBuffer(vector: Vector): void {
  const elementSpec = Object.fromEntries(
    Object.entries(objectIn(vector, "element_spec")).map(([name, text]) => [name, arraySpec(String(text))]),
  );
  const make = () => new BufferSampler(untyped({ ...configOf(vector), elementSpec }));
  const push = (buffer: BufferSampler, input: unknown, mask = true) => {
    const record = Object.fromEntries(Object.keys(elementSpec).map((name) => [name, input]));
    const { chunk, mask: isRecord } = buffer.push(untyped(record), mask);
    return [chunk, isRecord];
  };

  const buffer = make();
  requireSame(
    listIn(vector, "inputs_first").map((input) => push(buffer, input)),
    vector.first,
    "first",
  );
  requireSame(push(buffer, vector.masked_input, false), vector.masked_output, "masked_output");
  requireSameState(buffer.getState(), vector.state, "state");

  for (const state of [
    stateOf(vector.restored),
    stateOf(vector.restored, { exact: true }),
    buffer.getState(),
  ]) {
    const later = make();
    later.setState(state);
    requireSame(
      listIn(vector, "inputs_next").map((input) => push(later, input)),
      vector.next,
      "next",
    );
  }
}

/** `int32[2,3]`. */
function arraySpec(text: string) {
  const [, dtype, shape = ""] = /^(\w+)\[([\d, ]*)\]$/.exec(text) ?? [];
  return { dtype, shape: shape.split(",").filter(Boolean).map(Number) };
}
