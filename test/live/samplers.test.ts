import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { IteratorCheckpoint } from "../../src/datarax/iterator-checkpoint.js";
import { OrbaxCheckpointHandler } from "../../src/datarax/orbax-checkpoint-handler.js";
import { readState } from "../../src/datarax/read-state.js";
import type { BufferSampler } from "../../src/datarax/samplers/buffer-sampler.js";
import type { ArraySpec, ElementSpec } from "../../src/datarax/samplers/element-spec.js";
import { isDict, isList } from "../../src/pytree/container.js";
import { arrayOfElements } from "../../src/pytree/element.js";
import { complex, scalar, type Tree } from "../../src/pytree/value.js";
import { type Dtype, elementCount } from "../../src/zarr/dtype.js";
import { take } from "../elements.js";
import { setUpDatarax } from "./datarax-setup.js";
import {
  type BufferFields,
  makeBuffer,
  makeSampler,
  PythonStream,
  type SamplerConfig,
} from "./datarax-stream.js";
import { neutralJson, neutralState } from "./neutral-json.js";
import { runsOf, seed, timeoutOf } from "./random-runs.js";
import { ranges, resuming, rngs } from "./random-samplers.js";

const runs = runsOf({ ci: 30, long: 1000 });
const rangeRuns = runsOf({ ci: 10, long: 300 });
const bufferRuns = runsOf({ ci: 6, long: 1000 });
const compiledBufferRuns = runsOf({ ci: 6, long: 100 }); // half a second for each

const live = setUpDatarax();

type Side = "python" | "node";

/** One language takes some elements and saves. */
type Hop = { readonly side: Side; readonly count: number };

/** Both languages in turn. */
function hopsOf(most: number): fc.Arbitrary<Hop[]> {
  const counts = fc.array(fc.nat(most), { minLength: 2, maxLength: 4 });
  return fc.tuple(fc.boolean(), counts).map(([isPythonFirst, drawn]) =>
    drawn.map((count, index): Hop => {
      const side: Side = (index % 2 === 0) === isPythonFirst ? "python" : "node";
      return { side, count };
    }),
  );
}

const neutral = { kinds: false } as const;

/** Goes on with a sampler in Python, from the newest step of `base` if there is one, and saves the next step. */
async function hopInPython(sampler: SamplerConfig, count: number, base: string, step: number) {
  const stream = await PythonStream.make(live.oracle, sampler);
  if (step > 0) await stream.restore(base, { latest: true });
  const elements = await stream.take(count);
  await stream.save(base, { step, keep: 2 });
  return { elements, state: neutralJson(await stream.state(), neutral) };
}

async function hopInNode(sampler: SamplerConfig, count: number, base: string, step: number) {
  const checkpoint = new IteratorCheckpoint(base);
  const stream = makeSampler(sampler);
  if (step > 0) await checkpoint.restoreLatest(stream);
  const elements = take(stream, count);
  await checkpoint.saveToDirectory(stream, { step, keep: 2 });
  return { elements, state: neutralState(stream.getState(), neutral) };
}

/** Lets the languages go on from each other, and compares the elements and every state with what was saved. */
async function expectUninterrupted(sampler: SamplerConfig, hops: readonly Hop[]): Promise<void> {
  const total = hops.reduce((sum, { count }) => sum + count, 0);
  const whole = await (await PythonStream.make(live.oracle, sampler)).take(total);
  const base = live.newBase();
  const elements: unknown[] = [];
  for (const [step, { side, count }] of hops.entries()) {
    const hop = side === "python" ? hopInPython : hopInNode;
    const taken = await hop(sampler, count, base, step);
    elements.push(...taken.elements);
    expect(elements).toEqual(whole.slice(0, elements.length));
    const saved = await readState(base);
    expect(neutralState(saved.state, neutral)).toEqual(taken.state);
  }
  expect(elements).toEqual(whole);
}

describe("samplers go on from each other", () => {
  it.each<SamplerConfig>([
    {
      class: "SlidingWindowSampler",
      config: { num_records: 10, window_size: 4, stride: 3, drop_incomplete: false, num_epochs: 2, rngs: 4 },
    },
    {
      class: "SlidingWindowSampler",
      config: { num_records: 9, window_size: 2, stride: 5, drop_incomplete: true, num_epochs: -1 },
    },
  ])("$class $config", async (sampler) => {
    const counts = [3, 4, 1, 2, 5];
    const hops = counts.map(
      (count, index) => ({ side: index % 2 === 0 ? "python" : "node", count }) as const,
    );
    await expectUninterrupted(sampler, hops);
  });

  it(`in ${runs} random ways, seed ${seed}`, { timeout: timeoutOf(runs, 1000) }, async () => {
    const property = fc.asyncProperty(resuming, hopsOf(25), expectUninterrupted);
    await fc.assert(property, { seed, numRuns: runs, endOnFailure: true });
  });
});

/** Python begins anew after each restore and hands the position on; Node moves it. */
async function expectPositions(sampler: SamplerConfig, hops: readonly Hop[]): Promise<void> {
  const whole = await (await PythonStream.make(live.oracle, sampler)).take(30);
  const base = live.newBase();
  let position = 0;
  for (const [step, { side, count }] of hops.entries()) {
    const hop = side === "python" ? hopInPython : hopInNode;
    const { elements, state } = await hop(sampler, count, base, step);
    const from = side === "python" ? 0 : position;
    expect(elements).toEqual(whole.slice(from, from + count));
    if (side === "node") position += elements.length;
    const saved = await readState(base);
    expect(neutralState(saved.state, neutral)).toEqual(state);
  }
}

describe("RangeSampler", () => {
  it(`hands its position on to Node, seed ${seed}`, { timeout: timeoutOf(rangeRuns, 1000) }, async () => {
    const property = fc.asyncProperty(ranges, hopsOf(12), expectPositions);
    await fc.assert(property, { seed, numRuns: rangeRuns, endOnFailure: true });
  });

  it("goes on from where a Python program says that it is, and says so to it", async () => {
    const base = live.newBase();
    const python = await PythonStream.make(live.oracle, COUNTING_RANGE);
    expect(await python.take(2)).toEqual([3, 7]);
    await python.save(base, { step: 2 });
    const range = makeSampler({ class: "RangeSampler", config: { start: 3, stop: 40, step: 4 } });
    const checkpoint = new IteratorCheckpoint(base);
    await checkpoint.restoreLatest(range);
    expect(take(range, 3)).toEqual([11, 15, 19]);
    await checkpoint.saveToDirectory(range, { step: 5 });
    const resumed = await PythonStream.make(live.oracle, COUNTING_RANGE);
    await resumed.restore(base, { latest: true });
    expect(await resumed.take(9)).toEqual([23, 27, 31, 35]);
  });
});

/** A program that moves the position itself, which RangeSampler does not. */
const COUNTING_RANGE = {
  class: "script",
  config: {
    code: `
from datarax.samplers import RangeSampler, RangeSamplerConfig

class Counting:
    def __init__(self):
        self.sampler = RangeSampler(RangeSamplerConfig(start=3, stop=40, step=4))
        self.get_state, self.set_state = self.sampler.get_state, self.sampler.set_state
    def __iter__(self):
        return self
    def __next__(self):
        position = self.sampler.get_current_position()
        if position >= 3 + 4 * len(self.sampler):
            raise StopIteration
        self.sampler.set_current_position(position + 4)
        return position

def make():
    return Counting()
`,
  },
};

const dtypes = fc.constantFrom<Dtype>(
  "int32",
  "uint8",
  "int8",
  "uint32",
  "float32",
  "float16",
  "bfloat16",
  "bool",
  "complex64",
  "int64",
  "float64",
);
const arraySpecs = fc.record({
  dtype: dtypes,
  shape: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
});
const elementSpecs: fc.Arbitrary<ElementSpec> = fc.oneof(
  arraySpecs,
  fc.record({ x: arraySpecs }),
  fc.record({ image: arraySpecs, labels: fc.tuple(arraySpecs, fc.record({ y: arraySpecs })) }),
);

const buffers: fc.Arbitrary<BufferFields> = fc
  .record(
    {
      capacity: fc.integer({ min: 1, max: 7 }),
      prefill: fc.integer({ min: 1, max: 7 }),
      sample_size: fc.integer({ min: 1, max: 7 }),
      read_mode: fc.constantFrom("sequential" as const, "shuffled" as const),
      write_mode: fc.constantFrom("fifo" as const, "reservoir" as const),
      seed: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
      element_spec: elementSpecs,
      rngs,
    },
    {
      requiredKeys: ["capacity", "prefill", "sample_size", "read_mode", "write_mode", "seed", "element_spec"],
    },
  )
  .filter(({ capacity, prefill, sample_size }) => sample_size <= prefill && prefill <= capacity);

/** Record `number` of a spec: every element of every array another value. */
function recordOf(spec: ElementSpec, number: number): Tree {
  if (isArraySpec(spec)) return arrayOf(spec, number);
  if (isList(spec)) return spec.map((item, index) => recordOf(item, number + index));
  return Object.fromEntries(Object.entries(spec).map(([key, child]) => [key, recordOf(child, number + 3)]));
}

function isArraySpec(spec: ElementSpec): spec is ArraySpec {
  return isDict(spec) && typeof spec["dtype"] === "string";
}

function arrayOf({ dtype, shape }: ArraySpec, number: number): Tree {
  const elements = Array.from({ length: elementCount(shape) }, (_, index) => {
    const value = (7 * number + index) % 120;
    if (dtype === "bool") return value % 3 === 0;
    if (dtype === "complex64") return complex(value, 3 - value / 4); // JSON has no -0
    return dtype.includes("float") ? scalar(dtype, value / 3).value : value;
  });
  return arrayOfElements(dtype, shape, elements) ?? null;
}

/** Some records and their masks. */
type Pushes = { readonly side: Side; readonly masks: readonly boolean[] };

async function expectSameChunks(config: BufferFields, hops: readonly Pushes[]): Promise<void> {
  const base = live.newBase();
  const handler = new OrbaxCheckpointHandler();
  const stream = { class: "BufferSampler", config };
  const whole = await PythonStream.make(live.oracle, stream);
  let number = 0;
  for (const [step, { side, masks }] of hops.entries()) {
    const records = masks.map(() => recordOf(config.element_spec, number++));
    const tagged = records.map((record) => neutralState(record));
    const expected = neutralJson(await whole.push(tagged, masks), neutral);
    if (side === "python") {
      const python = await PythonStream.make(live.oracle, stream);
      if (step > 0) await python.restore(base, { latest: true });
      expect(neutralJson(await python.push(tagged, masks), neutral)).toEqual(expected);
      await python.save(base, { step, keep: 2 });
    } else {
      const buffer = makeBuffer(config);
      if (step > 0) await handler.restore(base, { target: buffer });
      expect(pushAll(buffer, records, masks)).toEqual(expected);
      await handler.saveToDirectory(base, buffer, { step, keep: 2 });
    }
    const saved = await readState(base);
    expect(neutralState(saved.state, neutral)).toEqual(neutralJson(await whole.state(), neutral));
  }
}

function pushAll(buffer: BufferSampler, records: readonly Tree[], masks: readonly boolean[]): unknown {
  const chunks = records.map((record, index) => {
    const { chunk, mask } = buffer.push(record, masks[index] ?? true);
    return [chunk, arrayOfElements("bool", [mask.length], mask) ?? null];
  });
  return neutralState(chunks, neutral);
}

describe("BufferSampler", () => {
  const pushes = fc
    .tuple(
      fc.boolean(),
      fc.array(fc.array(fc.constantFrom(true, true, true, false), { maxLength: 9 }), {
        minLength: 2,
        maxLength: 4,
      }),
    )
    .map(([isPythonFirst, drawn]) =>
      drawn.map((masks, index): Pushes => {
        const side: Side = (index % 2 === 0) === isPythonFirst ? "python" : "node";
        return { side, masks };
      }),
    );

  afterEach(() => live.oracle.call("stream_compile", { enabled: true }));

  it.each([
    { enabled: true, numRuns: compiledBufferRuns },
    { enabled: false, numRuns: bufferRuns },
  ])(
    `goes on in the other language in $numRuns random ways, compiled: $enabled, seed ${seed}`,
    async ({ enabled, numRuns }) => {
      await live.oracle.call("stream_compile", { enabled });
      const property = fc.asyncProperty(buffers, pushes, expectSameChunks);
      await fc.assert(property, { seed, numRuns, endOnFailure: true });
    },
    timeoutOf(bufferRuns + 10 * compiledBufferRuns, 1000),
  );
});
