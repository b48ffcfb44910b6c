import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonValue } from "../../src/bytes/json.js";
import type { State } from "../../src/datarax/checkpointable-iterator.js";
import { IteratorCheckpoint } from "../../src/datarax/iterator-checkpoint.js";
import { readState } from "../../src/datarax/read-state.js";
import { EpochAwareSamplerModule } from "../../src/datarax/samplers/epoch-aware-sampler.js";
import { ShuffleSampler } from "../../src/datarax/samplers/shuffle-sampler.js";
import { formatTaggedJson } from "../../src/datarax/tagged-json.js";
import { isDict, isList } from "../../src/pytree/container.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { unpackArchive } from "../archive.js";
import { take } from "../elements.js";
import { Recorder } from "./recorder.js";

const FIXTURES = fileURLToPath(new URL("../../fixtures/datarax/", import.meta.url));

/** What Datarax said about its own checkpoint (fixtures/datarax/README.md). */
type Expected = {
  entries: string[];
  latest_step: number | null;
  list_checkpoints: [number, string][];
  has_checkpoint: boolean;
  restore: { step: number; state: unknown; metadata: unknown; next: unknown[]; ends: boolean }[];
  restore_latest: { state: unknown };
  restore_none: { state: unknown };
};

const names = [
  "epoch_aware_infinite",
  "grain_mix_iter",
  "memory_get_batch",
  "pipeline_shuffled",
  "shuffle_sampler",
  "user_iterator_types",
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "orbax-ts-fixtures-"));
  for (const name of names) unpackArchive(join(FIXTURES, `${name}.tar.gz`), folder);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function expectedOf(name: string): Expected {
  return JSON.parse(readFileSync(join(FIXTURES, `${name}.expected.json`), "utf8"));
}

/** Dicts with int keys, `$map` in Python's tagged JSON, are objects with decimal keys in JavaScript. */
function withoutMaps(json: unknown): unknown {
  if (isList(json)) return json.map(withoutMaps);
  if (!isDict(json)) return json;
  const pairs = isList(json.$map)
    ? json.$map.map((pair) => (isList(pair) ? pair : []))
    : Object.entries(json);
  return Object.fromEntries(pairs.map(([key, value]) => [String(key), withoutMaps(value)]));
}

/** Tagged JSON without prototypes that a comparison could mind. */
function tagged(state: Parameters<typeof formatTaggedJson>[0]): JsonValue {
  return JSON.parse(JSON.stringify(formatTaggedJson(state)));
}

/** Arrays without telling `jax.Array` from `np.ndarray`, which Datarax takes for each other (section 3.1). */
function withoutKinds(json: unknown): unknown {
  if (isList(json)) return json.map(withoutKinds);
  if (!isDict(json)) return json;
  const entries = Object.entries(json).filter(([key]) => !("dtype" in json && key === "kind"));
  return Object.fromEntries(entries.map(([key, value]) => [key, withoutKinds(value)]));
}

/** The iterator of the fixture `user_iterator_types`, as far as its elements go. */
class Counter implements Iterator<number, undefined> {
  received: State = {};
  #n = 0;
  next(): IteratorResult<number, undefined> {
    this.#n += 1;
    return { done: false, value: this.#n };
  }
  getState(): State {
    return {
      n: this.#n,
      sampler_repr: "Stream(step=1)",
      data_source_repr: "count",
      shard_count: 1,
      worker_count: 0,
    };
  }
  setState(state: State): void {
    this.received = state;
    this.#n = Number(state.n);
  }
}

type NumberStream = Iterator<number, undefined> & { getState(): State; setState(state: State): void };

/** The streams of the scripts. */
const streams: { readonly [name: string]: () => NumberStream } = {
  epoch_aware_infinite: () =>
    new EpochAwareSamplerModule({ numRecords: 13, numEpochs: -1, seed: 77, rngs: { default: 5 } }),
  shuffle_sampler: () => new ShuffleSampler({ datasetSize: 50, seed: 1234 }),
  user_iterator_types: () => new Counter(),
};

describe.each(names)("the checkpoint %s of Datarax", (name) => {
  const expected = expectedOf(name);

  it("holds the directories that the description names", async () => {
    expect((await readdir(join(folder, name))).sort()).toEqual(expected.entries);
  });

  it("is listed as Datarax lists it", async () => {
    const base = join(folder, name);
    const checkpoint = new IteratorCheckpoint(base);
    const list = expected.list_checkpoints.map(([step, path]) => [step, path.replace("<B>", base)]);
    expect(Array.from(await checkpoint.listCheckpoints())).toEqual(list);
    expect(await checkpoint.getLatestStep()).toBe(expected.latest_step);
    expect(await checkpoint.hasCheckpoint()).toBe(expected.has_checkpoint);
  });

  it.each(expected.restore)(
    "has the state of step $step, with every type",
    async ({ step, state, metadata }) => {
      const saved = await readState(join(folder, name), { step });
      expect(tagged(saved.state)).toEqual(withoutMaps(state));
      expect(tagged(saved.metadata)).toEqual(withoutMaps(metadata));
      expect(saved.step).toBe(expected.list_checkpoints.some(([listed]) => listed === step) ? step : null);
    },
  );

  it("restores the latest step, with and without its number", async () => {
    const checkpoint = new IteratorCheckpoint(join(folder, name), { exact: true });
    const latest = await checkpoint.restoreLatest(new Recorder());
    expect(tagged(latest.received ?? null)).toEqual(withoutMaps(expected.restore_latest.state));
    const none = await checkpoint.restore(new Recorder());
    expect(tagged(none.received ?? null)).toEqual(withoutMaps(expected.restore_none.state));
  });
});

describe.each(names)("the state of %s", (name) => {
  it.each([false, true])("is the same after a way through JavaScript, exact: %s", async (exact) => {
    const stream = await new IteratorCheckpoint(join(folder, name), { exact }).restore(new Recorder());
    stream.given = stream.received;
    const copy = new MemoryStorage();
    await new IteratorCheckpoint(copy).saveToDirectory(stream, { step: 1 });
    const { state } = expectedOf(name).restore_none;
    expect(withoutKinds(tagged((await readState(copy)).state))).toEqual(withoutKinds(withoutMaps(state)));
  });
});

describe.each(Object.entries(streams))("the stream of %s", (name, makeStream) => {
  const { restore } = expectedOf(name);

  it.each(restore)("goes on from step $step with Python's elements", async ({ step, next, ends }) => {
    const checkpoint = new IteratorCheckpoint(join(folder, name));
    const stream = await checkpoint.restore(makeStream(), { step });
    expect(take(stream, next.length)).toEqual(next);
    expect(ends && stream.next().done).toBe(ends);
  });

  it.each(restore)("goes on from step $step after another save", async ({ step, next }) => {
    const stream = await new IteratorCheckpoint(join(folder, name)).restore(makeStream(), { step });
    const taken = take(stream, 3);
    const copy = new IteratorCheckpoint(new MemoryStorage());
    await copy.saveToDirectory(stream, { step: 7 });
    const resumed = await copy.restoreLatest(makeStream());
    expect([...taken, ...take(resumed, next.length - 3)]).toEqual(next);
  });
});

const samplers = Object.entries(streams).filter(([name]) => name !== "user_iterator_types");

describe.each(samplers)("the sampler of %s", (name, makeStream) => {
  it.each(expectedOf(name).restore)("takes exact values of step $step, too", async ({ step, next }) => {
    const checkpoint = new IteratorCheckpoint(join(folder, name), { exact: true });
    expect(take(await checkpoint.restore(makeStream(), { step }), next.length)).toEqual(next);
  });
});
