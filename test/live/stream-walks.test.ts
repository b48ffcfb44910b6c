import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { State } from "../../src/datarax/checkpointable-iterator.js";
import { ArrayRecordSourceModule } from "../../src/datarax/sources/array-record-source.js";
import { parseTaggedJson } from "../../src/datarax/tagged-json.js";
import { isDict } from "../../src/pytree/container.js";
import { take } from "../elements.js";
import { setUpDatarax } from "./datarax-setup.js";
import { makeSampler, RESUMED_BY_NEXT } from "./datarax-stream.js";
import { neutralJson, neutralState } from "./neutral-json.js";
import { pipelines } from "./random-pipelines.js";
import { runsOf, seed, timeoutOf } from "./random-runs.js";
import { ranges, resuming } from "./random-samplers.js";
import { eager, memory, mixtures, recordSources, sharded } from "./random-sources.js";
import {
  makeEager,
  makeMemory,
  makeMix,
  makePipeline,
  plainValues,
  pythonEager,
  pythonMemory,
  pythonMix,
  pythonPipeline,
} from "./source-streams.js";

// Streams in memory: no checkpoint is written, so that many are tried. samplers, sources and pipelines.test.ts go
// through checkpoints.

const live = setUpDatarax();

/** A stream that both languages have. */
type Stream = {
  /** How `stream_walks` makes it and takes its elements. */
  readonly python: {
    readonly class: string;
    readonly config: object;
    readonly via: string;
    readonly size?: number;
  };
  /**
   * Up to `count` elements of a new stream, set to a state if one is given, and its states at the start and behind each
   * element.
   *
   * @param consumed How many elements Python had taken there, for sources whose state does not tell.
   */
  walk(count: number, state?: State, consumed?: number): Walk<State>;
  /** Whether Python's states tell the position, so that Python goes on from them, and they are like ours. */
  readonly resumesInPython: boolean;
};

type Walk<S> = { readonly elements: readonly unknown[]; readonly states: readonly S[] };

type Made<Source> = Pick<Stream, "python" | "resumesInPython"> & {
  make(): Source;
  next(source: Source): readonly unknown[];
  tellPosition?(source: Source, consumed: number): void;
};

function streamOf<Source extends { getState(): State; setState(state: State): void }>(
  made: Made<Source>,
): Stream {
  const { python, resumesInPython } = made;
  const walk = (count: number, state?: State, consumed = 0): Walk<State> => {
    const source = made.make();
    if (state !== undefined) source.setState(state);
    if (state !== undefined && consumed > 0) made.tellPosition?.(source, consumed);
    const elements: unknown[] = [];
    const states = [source.getState()];
    while (elements.length < count) {
      const element = made.next(source);
      if (element.length === 0) break;
      elements.push(...element);
      states.push(source.getState());
    }
    return { elements, states };
  };
  return { python, resumesInPython, walk };
}

const batchSize = fc.integer({ min: 1, max: 9 });
const nextValues = (source: Iterator<object, undefined>) => take(source, 1).map(plainValues);

const kinds: Readonly<Record<string, fc.Arbitrary<Stream>>> = {
  samplers: resuming.map((sampler) =>
    streamOf({
      python: { ...sampler, via: RESUMED_BY_NEXT.includes(sampler.class) ? "next" : "iter" },
      make: () => makeSampler(sampler),
      next: (made) => take(made, 1),
      resumesInPython: true,
    }),
  ),
  RangeSampler: ranges.map((sampler) =>
    streamOf({
      python: { ...sampler, via: "iter" },
      make: () => makeSampler(sampler),
      next: (made) => take(made, 1),
      resumesInPython: false,
    }),
  ),
  "MemorySource.getBatch": fc.tuple(memory, batchSize).map(([config, size]) =>
    streamOf({
      python: { class: "MemorySource", config: pythonMemory(config), via: "get_batch", size },
      make: () => makeMemory(config),
      next: (source) => [plainValues(source.getBatch(size))],
      resumesInPython: !config.shuffle,
    }),
  ),
  "MemorySource in a loop": sharded.map((config) =>
    streamOf({
      python: { class: "MemorySource", config: pythonMemory(config), via: "iter" },
      make: () => makeMemory(config),
      next: nextValues,
      tellPosition: (source, consumed) => source.continuePass(consumed),
      resumesInPython: false,
    }),
  ),
  "EagerSourceBase.getBatch": fc.tuple(eager, batchSize).map(([config, size]) =>
    streamOf({
      python: { class: "EagerSourceBase", config: pythonEager(config), via: "get_batch", size },
      make: () => makeEager(config),
      next: (source) => [plainValues(source.getBatch(size))],
      resumesInPython: true,
    }),
  ),
  "EagerSourceBase in a loop": eager.map((config) =>
    streamOf({
      python: { class: "EagerSourceBase", config: pythonEager(config), via: "iter" },
      make: () => makeEager(config),
      next: nextValues,
      tellPosition: (source, consumed) => source.continuePass(consumed),
      resumesInPython: false,
    }),
  ),
  MixDataSourcesNode: mixtures.map((config) =>
    streamOf({
      python: { class: "MixDataSourcesNode", config: pythonMix(config), via: "iter" },
      make: () => makeMix(config),
      next: nextValues,
      resumesInPython: false,
    }),
  ),
  ArrayRecordSourceModule: recordSources.map((config) => {
    const { total_records: totalRecords, num_epochs: numEpochs, shuffle_files: shuffleFiles } = config;
    return streamOf({
      python: { class: "ArrayRecordSourceModule", config, via: "iter" },
      make: () => new ArrayRecordSourceModule({ totalRecords, numEpochs, shuffleFiles, seed: config.seed }),
      next: (source) => take(source, 1),
      resumesInPython: false,
    });
  }),
  Pipeline: pipelines.map((config) =>
    streamOf({
      python: { class: "IndexedPipeline", config: pythonPipeline(config), via: "iter" },
      make: () => makePipeline(config),
      next: nextValues,
      resumesInPython: true,
    }),
  ),
};

/** A pipeline costs Python most of a second. */
const counts: Readonly<Record<string, { readonly ci: number; readonly long: number }>> = {
  samplers: { ci: 150, long: 5000 },
  RangeSampler: { ci: 100, long: 2000 },
  Pipeline: { ci: 20, long: 2000 },
};
const SOURCES = { ci: 40, long: 2000 };

/** How many elements are taken of a stream. */
function mostOf(name: string): number {
  if (name === "Pipeline") return 5;
  return name.endsWith("getBatch") ? 12 : 40;
}

/** So many are sent at once: a call costs milliseconds, and an answer has to fit into a line. */
const AT_ONCE = 50;

async function walksInPython(walks: readonly object[]): Promise<Walk<unknown>[]> {
  const walked: unknown = await live.oracle.call("stream_walks", { walks });
  if (!Array.isArray(walked) || walked.length !== walks.length)
    throw new Error("stream_walks answers each walk");
  return walked;
}

function asState(tagged: unknown): State {
  const state = parseTaggedJson(tagged);
  if (!isDict(state)) throw new Error("a state is a dict");
  return state;
}

const neutral = { kinds: false } as const;

type Case = { readonly stream: Stream; readonly count: number; readonly part: number };

/** Compares elements and states, and lets each language go on from a state of the other. */
async function expectSame(cases: readonly Case[]): Promise<void> {
  const asked = cases.map(({ stream, count }) => ({ ...stream.python, count }));
  const python = await walksInPython(asked);
  const further: { walk: object; expected: readonly unknown[] }[] = [];
  for (const [index, { stream, count, part }] of cases.entries()) {
    const what = JSON.stringify(asked[index]);
    const { elements, states } = python[index] ?? { elements: [], states: [] };
    const ours = stream.walk(count);
    expect(ours.elements, what).toEqual(elements);
    const position = Math.floor(part * elements.length);
    const resumed = stream.walk(elements.length - position, asState(states[position]), position);
    if (stream.python.class !== "RangeSampler") {
      expect(resumed.elements, `${what} from ${position}`).toEqual(elements.slice(position));
    }
    if (!stream.resumesInPython) continue;
    const neutralStates = ours.states.map((state) => neutralState(state, neutral));
    expect(neutralStates, what).toEqual(states.map((state) => neutralJson(state, neutral)));
    const state = ours.states[position];
    if (state === undefined) throw new Error("a state at each position");
    const walk = { ...stream.python, count: elements.length - position, state: neutralState(state) };
    further.push({ walk, expected: elements.slice(position) });
  }
  const resumed = await walksInPython(further.map(({ walk }) => walk));
  for (const [index, { walk, expected }] of further.entries()) {
    expect(resumed[index]?.elements, JSON.stringify(walk)).toEqual(expected);
  }
}

describe(`streams of seed ${seed} have Python's elements and states, and go on from them`, () => {
  it.each(Object.entries(kinds))(
    "%s",
    async (name, streams) => {
      const numRuns = runsOf(counts[name] ?? SOURCES);
      const cases = fc.record({
        stream: streams,
        count: fc.nat(mostOf(name)),
        part: fc.double({ min: 0, max: 0.999, noNaN: true }),
      });
      const drawn = fc.sample(cases, { seed, numRuns });
      await live.oracle.call("stream_compile", { enabled: false });
      for (let start = 0; start < drawn.length; start += AT_ONCE) {
        await expectSame(drawn.slice(start, start + AT_ONCE));
      }
      await live.oracle.call("stream_compile", { enabled: true });
    },
    timeoutOf(2000, 500),
  );
});
