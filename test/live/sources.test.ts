import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { State } from "../../src/datarax/checkpointable-iterator.js";
import { IteratorCheckpoint } from "../../src/datarax/iterator-checkpoint.js";
import { JaxProcessSharderModule, type ShardingRule } from "../../src/datarax/pipeline/process-sharder.js";
import { ArrayRecordSourceModule } from "../../src/datarax/sources/array-record-source.js";
import { take } from "../elements.js";
import { setUpDatarax } from "./datarax-setup.js";

import { neutralJson, neutralState } from "./neutral-json.js";
import { runsOf, seed, timeoutOf } from "./random-runs.js";
import { eager, memory, mixtures, recordSources, sharded } from "./random-sources.js";
import {
  makeEager,
  makeMemory,
  makeMix,
  PythonSource,
  plainValues,
  pythonEager,
  pythonMemory,
  pythonMix,
  type Via,
} from "./source-streams.js";

/** Random chains of each kind. */
const runs = runsOf({ ci: 6, long: 300 });
const options = { seed, numRuns: runs, endOnFailure: true };

const live = setUpDatarax();

/** One language takes some elements and saves. */
type Hop = { readonly side: "python" | "node"; readonly count: number };

/** What both languages take elements of. */
type Subject<Source> = {
  readonly python: { readonly name: string; readonly config: object; readonly via: Via };
  make(): Source;
  /** Up to `count` elements, as Python's are sent. */
  take(source: Source, count: number): object[];
  /** Whether Python itself goes on from a restore (docs/spec/datarax.md section 4). */
  readonly resumesInPython: boolean;
  /** Tells a source how many elements of a pass Python had taken, where its state does not. */
  tellPosition?(source: Source, consumed: number): void;
};

type Restorable = Iterator<unknown, undefined> & { getState(): State; setState(state: State): void };

/**
 * Lets the languages go on from each other's checkpoints, and holds all elements against one uninterrupted run in Python.
 * Where Python does not resume it takes all elements again before its hop, and only has to accept what Node saved.
 */
async function expectUninterrupted<Source extends Restorable>(
  subject: Subject<Source>,
  hops: readonly Hop[],
): Promise<void> {
  const { name, config, via } = subject.python;
  const python = () => PythonSource.make(live.oracle, name, config, via);
  const total = hops.reduce((sum, { count }) => sum + count, 0);
  const whole = await (await python()).take(total);
  const base = live.newBase();
  const checkpoint = new IteratorCheckpoint(base);
  let consumed = 0;
  let savedBy: Hop["side"] | undefined;
  for (const [step, { side, count }] of hops.entries()) {
    const expected = whole.slice(consumed, consumed + count);
    if (side === "python") {
      const stream = await python();
      if (subject.resumesInPython && savedBy !== undefined) await stream.restore(base);
      else await stream.take(consumed);
      expect(await stream.take(count)).toEqual(expected);
      await stream.save(base, step);
    } else {
      const source = subject.make();
      if (savedBy !== undefined) await checkpoint.restore(source);
      if (savedBy === "python" && consumed > 0) subject.tellPosition?.(source, consumed);
      expect(subject.take(source, count)).toEqual(expected);
      await checkpoint.saveToDirectory(source, { step, keep: null });
      const stream = await python();
      const restored = await stream.restore(base); // Python keeps the streams that it has
      expect(withoutStreams(restored)).toEqual(withoutStreams(neutralState(source.getState())));
    }
    consumed += expected.length;
    savedBy = side;
  }
}

/** A state as both languages have it after a restore in Python. */
function withoutStreams(state: unknown): unknown {
  const { rngs: _, _sources: sources, ...rest } = Object(neutralJson(state, { kinds: false }));
  return sources === undefined
    ? rest
    : { ...rest, sources: Object.values(Object(sources)).map(withoutStreams) };
}

const hops = (most: number) =>
  fc
    .tuple(
      fc.constantFrom("python" as const, "node" as const),
      fc.array(fc.nat(most), { minLength: 2, maxLength: 4 }),
    )
    .map(([first, counts]) =>
      counts.map((count, index): Hop => {
        const side = (index % 2 === 0) === (first === "python") ? "python" : "node";
        return { side, count };
      }),
    );

describe("sources go on from each other's checkpoints", () => {
  it(
    `MemorySource.getBatch in ${runs} random ways, seed ${seed}`,
    async () => {
      const property = fc.asyncProperty(
        memory,
        fc.integer({ min: 1, max: 9 }),
        hops(7),
        async (config, size, chain) => {
          const subject = {
            python: { name: "MemorySource", config: pythonMemory(config), via: size },
            make: () => makeMemory(config),
            take: (source: ReturnType<typeof makeMemory>, count: number) =>
              Array.from({ length: count }, () => plainValues(source.getBatch(size))),
            resumesInPython: !config.shuffle,
          };
          await expectUninterrupted(subject, chain);
        },
      );
      await fc.assert(property, options);
    },
    timeoutOf(runs, 3000),
  );

  it(
    `MemorySource in a loop, in parts for workers, in ${runs} random ways, seed ${seed}`,
    async () => {
      const property = fc.asyncProperty(sharded, hops(12), async (config, chain) => {
        const subject = {
          python: { name: "MemorySource", config: pythonMemory(config), via: "iter" as const },
          make: () => makeMemory(config),
          take: (source: ReturnType<typeof makeMemory>, count: number) =>
            take(source, count).map(plainValues),
          resumesInPython: false,
          tellPosition: (source: ReturnType<typeof makeMemory>, consumed: number) =>
            source.continuePass(consumed),
        };
        await expectUninterrupted(subject, chain);
      });
      await fc.assert(property, options);
    },
    timeoutOf(runs, 3000),
  );

  it(
    `EagerSourceBase.getBatch in ${runs} random ways, seed ${seed}`,
    async () => {
      const property = fc.asyncProperty(
        eager,
        fc.integer({ min: 1, max: 9 }),
        hops(7),
        async (config, size, chain) => {
          const subject = {
            python: { name: "EagerSourceBase", config: pythonEager(config), via: size },
            make: () => makeEager(config),
            take: (source: ReturnType<typeof makeEager>, count: number) =>
              Array.from({ length: count }, () => plainValues(source.getBatch(size))),
            resumesInPython: true,
          };
          await expectUninterrupted(subject, chain);
        },
      );
      await fc.assert(property, options);
    },
    timeoutOf(runs, 3000),
  );

  it(
    `EagerSourceBase in a loop in ${runs} random ways, seed ${seed}`,
    async () => {
      const property = fc.asyncProperty(eager, hops(12), async (config, chain) => {
        const subject = {
          python: { name: "EagerSourceBase", config: pythonEager(config), via: "iter" as const },
          make: () => makeEager(config),
          take: (source: ReturnType<typeof makeEager>, count: number) => take(source, count).map(plainValues),
          resumesInPython: false,
          tellPosition: (source: ReturnType<typeof makeEager>, consumed: number) =>
            source.continuePass(consumed),
        };
        await expectUninterrupted(subject, chain);
      });
      await fc.assert(property, options);
    },
    timeoutOf(runs, 3000),
  );

  it(
    `MixDataSourcesNode in a loop in ${runs} random ways, seed ${seed}`,
    async () => {
      const property = fc.asyncProperty(mixtures, hops(15), async (config, chain) => {
        const subject = {
          python: { name: "MixDataSourcesNode", config: pythonMix(config), via: "iter" as const },
          make: () => makeMix(config),
          take: (source: ReturnType<typeof makeMix>, count: number) => take(source, count).map(plainValues),
          resumesInPython: false,
        };
        await expectUninterrupted(subject, chain);
      });
      await fc.assert(property, options);
    },
    timeoutOf(runs, 3000),
  );
});

describe("ArrayRecordSourceModule", () => {
  it(
    `goes on from Python's checkpoints, which Python cannot, in ${runs} random ways, seed ${seed}`,
    async () => {
      const property = fc.asyncProperty(recordSources, fc.nat(40), async (config, count) => {
        const python = () => PythonSource.make(live.oracle, "ArrayRecordSourceModule", config, "iter");
        const stream = await python();
        await stream.take(count);
        const base = live.newBase();
        await stream.save(base, 1);
        const expected = await stream.take(40);

        const { total_records: totalRecords, num_epochs: numEpochs, shuffle_files: shuffleFiles } = config;
        const make = () =>
          new ArrayRecordSourceModule({ totalRecords, numEpochs, shuffleFiles, seed: config.seed });
        const checkpoint = new IteratorCheckpoint(base);
        const source = await checkpoint.restore(make());
        expect(take(source, 15)).toEqual(expected.slice(0, 15));
        await checkpoint.saveToDirectory(source, { step: 2 });
        const later = await checkpoint.restore(make());
        expect(take(later, 25)).toEqual(expected.slice(15));
        await expect((await python()).restore(base)).rejects.toMatchObject({
          pythonType: "ValueError",
          pythonCause: "State keys mismatch at <root>: missing=['prefetch_cache'], extra=[]",
        });
      });
      await fc.assert(property, options);
    },
    timeoutOf(runs, 3000),
  );
});

describe("JaxProcessSharderModule", () => {
  const rules: ShardingRule[] = [
    ["batch", "data"],
    ["hidden", null],
  ];

  it("takes over the place of a process that Python saved, and gives it back", async () => {
    const config = {
      process_index: 2,
      process_count: 5,
      local_device_count: 4,
      drop_remainder: false,
      sharding_rules: rules,
      rngs: { default: 3 },
    };
    const python = () => PythonSource.make(live.oracle, "JaxProcessSharderModule", config, "iter");
    const base = live.newBase();
    const stream = await python();
    await stream.save(base, 1);
    const checkpoint = new IteratorCheckpoint(base);
    const sharder = new JaxProcessSharderModule({ dropRemainder: false, rngs: { default: 3 } });
    await checkpoint.handler.restore(base, { target: sharder });
    expect(sharder.shardBounds(23)).toEqual([10, 15]);
    expect(neutralState(sharder.getState(), { kinds: false })).toEqual(
      untupled(neutralJson(await stream.state(), { kinds: false })),
    );
    await checkpoint.handler.saveToDirectory(base, sharder, { step: 2 });
    expect(neutralJson(await (await python()).restore(base), { kinds: false })).toEqual(
      neutralState(sharder.getState(), { kinds: false }),
    );
  });
});

/** Tuples as the lists that they are behind a restore. */
function untupled(json: unknown): unknown {
  return JSON.parse(JSON.stringify(json), (_, value: unknown) => {
    const { $tuple: items }: { $tuple?: unknown } = Object(value);
    return items ?? value;
  });
}
