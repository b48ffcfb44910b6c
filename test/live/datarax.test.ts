import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IteratorCheckpoint } from "../../src/datarax/iterator-checkpoint.js";
import { readState } from "../../src/datarax/read-state.js";
import { EpochAwareSamplerModule } from "../../src/datarax/samplers/epoch-aware-sampler.js";
import { parseTaggedJson } from "../../src/datarax/tagged-json.js";
import { take } from "../elements.js";
import { setUpDatarax } from "./datarax-setup.js";
import { makeSampler, PythonStream, type SamplerConfig } from "./datarax-stream.js";
import { neutralJson, neutralState } from "./neutral-json.js";
import { runsOf, seed, timeoutOf } from "./random-runs.js";

const runs = runsOf({ ci: 20, long: 1000 });

const live = setUpDatarax();

/** How a hop saves. */
type SaveOptions = {
  readonly step?: number;
  readonly keep?: number | null;
  readonly overwrite?: boolean;
  /** Tagged JSON. */
  readonly metadata?: unknown;
  readonly async?: boolean;
};

/** One language takes some elements and saves. */
type Hop = { readonly side: "python" | "node"; readonly count: number; readonly save: SaveOptions };

/** Asserts that both languages see the same in a base directory; gives the state. */
async function sameView(base: string, step?: number): Promise<unknown> {
  const saved = await readState(base, { step });
  const ours = {
    step: saved.step,
    state: neutralState(saved.state),
    metadata: neutralState(saved.metadata),
  };
  const python: object = Object(
    await live.oracle.call("state_json", { base, ...(step === undefined ? {} : { step }) }),
  );
  expect(ours).toEqual(neutralJson(python));
  const checkpoint = new IteratorCheckpoint(base);
  expect({
    list: Array.from(await checkpoint.listCheckpoints()),
    latest: await checkpoint.getLatestStep(),
    has: await checkpoint.hasCheckpoint(),
  }).toMatchObject(without(Object(await live.oracle.call("list_steps", { base })), "steps"));
  return neutralState(saved.state, { kinds: false });
}

function without(object: object, key: string): object {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
}

/** Goes on with a sampler in Python: makes it, restores it if there is something, takes, and saves if asked to. */
async function hopInPython(
  sampler: SamplerConfig,
  { count, save }: Omit<Hop, "side">,
  base: string | undefined,
  destination: string | undefined,
) {
  const stream = await PythonStream.make(live.oracle, sampler);
  if (base !== undefined) await stream.restore(base, {});
  const elements = await stream.take(count);
  if (destination !== undefined) await stream.save(destination, save);
  return { elements, state: await stream.state() };
}

async function hopInNode(
  sampler: SamplerConfig,
  { count, save }: Hop,
  base: string | undefined,
  destination: string,
) {
  const stream = makeSampler(sampler);
  if (base !== undefined) await new IteratorCheckpoint(base).restore(stream);
  const elements = take(stream, count);
  const checkpoint = new IteratorCheckpoint(destination, { asyncCheckpointing: save.async });
  const { metadata, ...options } = save;
  await checkpoint.saveToDirectory(stream, {
    ...options,
    ...(metadata === undefined ? {} : { metadata: parseTaggedJson(metadata) }),
  });
  await checkpoint.handler.close();
  return elements;
}

/** Lets the languages go on from each other, and compares elements, states, metadata and steps after each hop. */
async function expectUninterrupted(sampler: SamplerConfig, hops: readonly Hop[]): Promise<void> {
  const total = hops.reduce((sum, { count }) => sum + count, 0);
  const whole = await PythonStream.make(live.oracle, sampler);
  const uninterrupted = await whole.take(total);
  const base = live.newBase();
  const elements: unknown[] = [];
  let from: string | undefined;
  for (const hop of hops) {
    const { step } = hop.save;
    if (hop.side === "python") {
      const taken = await hopInPython(sampler, hop, from, base);
      elements.push(...taken.elements);
      expect(await sameView(base, step)).toEqual(neutralJson(taken.state, { kinds: false }));
    } else {
      const twin = await hopInPython(sampler, hop, from, undefined);
      const taken = await hopInNode(sampler, hop, from, base);
      expect(taken).toEqual(twin.elements);
      elements.push(...taken);
      expect(await sameView(base, step)).toEqual(neutralJson(twin.state, { kinds: false }));
    }
    expect(elements).toEqual(uninterrupted.slice(0, elements.length));
    from = base;
  }
  expect(elements).toEqual(uninterrupted);
}

const seeds = fc.nat(2 ** 32 - 1);
const rngSeeds = fc.oneof(
  fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
  fc.record({ default: fc.nat(99), aug: fc.nat(99), sample: fc.nat(99) }, { requiredKeys: ["default"] }),
);
const epochs = { num_records: fc.integer({ min: 1, max: 40 }), num_epochs: fc.constantFrom(1, 2, 3, -1) };

const samplers: fc.Arbitrary<SamplerConfig> = fc.oneof(
  fc.record({
    class: fc.constant("SequentialSamplerModule" as const),
    config: fc.record({ ...epochs, rngs: rngSeeds }, { requiredKeys: ["num_records", "num_epochs"] }),
  }),
  fc.record({
    class: fc.constant("ShuffleSampler" as const),
    config: fc.record(
      { dataset_size: fc.nat(60), seed: seeds, rngs: rngSeeds },
      { requiredKeys: ["dataset_size", "seed"] },
    ),
  }),
  fc.record({
    class: fc.constant("EpochAwareSamplerModule" as const),
    config: fc.record({ ...epochs, shuffle: fc.boolean(), seed: seeds, rngs: rngSeeds }),
  }),
);

const metadata = fc.constantFrom<unknown>(
  {},
  {
    epoch: 3,
    loss: { $float: "0.5" },
    note: "café 😀",
    ok: true,
    none: null,
    list: [1, [{ $float: "2.0" }]],
  },
  { big: { $int: "18446744073709551615" }, "7": "seven" },
);

/** Hops of both languages in turn, over rising steps or always the unversioned checkpoint. */
const hops: fc.Arbitrary<Hop[]> = fc
  .record({
    first: fc.constantFrom("python" as const, "node" as const),
    versioned: fc.boolean(),
    hops: fc.array(
      fc.record({
        count: fc.nat(50),
        step: fc.nat(3),
        options: fc.record(
          { keep: fc.constantFrom(null, 0, 1, 2), metadata, async: fc.boolean() },
          { requiredKeys: [] },
        ),
      }),
      { minLength: 2, maxLength: 4 },
    ),
  })
  .map((drawn) => {
    let step = 0;
    return drawn.hops.map(({ count, step: rise, options }, index): Hop => {
      step += rise; // 0 replaces the former hop's step
      const side = (index % 2 === 0) === (drawn.first === "python") ? "python" : "node";
      const save = { ...options, overwrite: rise === 0 || !drawn.versioned };
      return { side, count, save: drawn.versioned ? { ...save, step } : save };
    });
  });

describe("samplers go on from each other", () => {
  const plain = [
    { side: "python", count: 7, save: { step: 7 } },
    { side: "node", count: 8, save: { step: 15 } },
    { side: "python", count: 9, save: { step: 24 } },
    { side: "node", count: 40, save: { step: 64 } },
    { side: "python", count: 40, save: { step: 104 } },
  ] as const;

  it.each<SamplerConfig>([
    { class: "SequentialSamplerModule", config: { num_records: 10, num_epochs: 4 } },
    { class: "SequentialSamplerModule", config: { num_records: 10, num_epochs: -1, rngs: 1 } },
    { class: "ShuffleSampler", config: { dataset_size: 50, seed: 1234 } },
    {
      class: "ShuffleSampler",
      config: { dataset_size: 200, seed: 4294967295, rngs: { default: 3, aug: 5 } },
    },
    {
      class: "EpochAwareSamplerModule",
      config: { num_records: 13, num_epochs: -1, shuffle: true, seed: 77, rngs: 5 },
    },
    {
      class: "EpochAwareSamplerModule",
      config: { num_records: 13, num_epochs: 3, shuffle: false, seed: 0, rngs: { sample: 4, default: 1 } },
    },
    {
      class: "EpochAwareSamplerModule",
      config: { num_records: 9, num_epochs: 30, shuffle: true, seed: 4294967290, rngs: 2 ** 40 },
    },
  ])("$class $config", async (sampler) => {
    await expectUninterrupted(sampler, plain);
  });

  it(
    `in ${runs} random ways, seed ${seed}`,
    async () => {
      const property = fc.asyncProperty(samplers, hops, expectUninterrupted);
      await fc.assert(property, { seed, numRuns: runs, endOnFailure: true });
    },
    timeoutOf(runs, 2000),
  );
});

/** A sampler whose elements tell which epochs ended before them; callbacks are added anew after a restore. */
const TELLING_SAMPLER = `
from datarax.samplers import EpochAwareSamplerConfig, EpochAwareSamplerModule
from flax import nnx

class Telling:
    def __init__(self):
        self.sampler = EpochAwareSamplerModule(EpochAwareSamplerConfig(num_records=5, num_epochs=4, seed=9), rngs=nnx.Rngs(1))
        self.ended = []
        self.sampler.add_epoch_callback(self.ended.append)
    def __iter__(self):
        return self
    def __next__(self):
        return {"element": next(self.sampler), "ended": list(self.ended)}
    def get_state(self):
        return {**self.sampler.get_state(), "epoch_complete_callbacks": []}
    def set_state(self, state):
        self.sampler.set_state(state)
        self.sampler.add_epoch_callback(self.ended.append)

def make():
    return Telling()
`;

/** An element of the telling sampler, without the first epochs that ended. */
function withoutEpochs(item: unknown, count: number): object {
  const { element, ended }: { element: number; ended: number[] } = Object(item);
  return { element, ended: ended.slice(count) };
}

describe("EpochAwareSamplerModule", () => {
  it("tells of the same epochs in both languages, before and after each other's restores", async () => {
    const script = { class: "script", config: { code: TELLING_SAMPLER } };
    const whole = await (await PythonStream.make(live.oracle, script)).take(30);
    expect(whole).toHaveLength(20);
    const base = live.newBase();
    const stream = await PythonStream.make(live.oracle, script);
    const before = await stream.take(7);
    await stream.save(base, { step: 7 });

    const ended: number[] = [];
    const rngs = { default: 1 };
    const options = {
      numRecords: 5,
      numEpochs: 4,
      seed: 9,
      rngs,
      onEpochComplete: (epoch: number) => void ended.push(epoch),
    };
    const checkpoint = new IteratorCheckpoint(base);
    const ours = await checkpoint.restore(new EpochAwareSamplerModule(options));
    const told = Array.from({ length: 6 }, () => ({ element: ours.next().value, ended: [...ended] }));
    // Epoch 0 ended before the restore: only who was there has heard of it.
    expect(told).toEqual(whole.slice(7, 13).map((item) => withoutEpochs(item, 1)));
    await checkpoint.saveToDirectory(ours, { step: 13 });

    const resumed = await PythonStream.make(live.oracle, script);
    await resumed.restore(base, {});
    const after = await resumed.take(30);
    expect(before).toEqual(whole.slice(0, 7));
    expect(after).toEqual(whole.slice(13).map((item) => withoutEpochs(item, 2)));
  });
});
