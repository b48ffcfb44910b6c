import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isOrbaxError } from "../../src/errors.js";
import { drawLoader, type LoaderSpec, loaderOf, type SamplerSpec, samplerOf } from "./data-loaders.js";
import { type Draw, drawFrom } from "./draw.js";
import { type Oracle, startOracle } from "./oracle.js";
import { isLong, runsOf, seed, timeoutOf } from "./random-runs.js";

const runs = runsOf({ ci: 150, long: 3000 });

type Walk = { readonly loader: LoaderSpec; readonly count: number; readonly state?: string };
type Failure = { readonly error: { readonly type: string; readonly message: string } };
type Walked = {
  readonly sampler: string;
  readonly length: string;
  readonly elements: readonly unknown[];
  readonly states: readonly string[];
  readonly ends: boolean;
};

let oracle: Oracle;
beforeAll(async () => {
  oracle = await startOracle();
});
afterAll(() => oracle.stop());

/** What `action` gives, or Python's class and text of what it throws. */
function attempt<T>(action: () => T): T | Failure {
  try {
    return action();
  } catch (error) {
    if (!isOrbaxError(error)) throw error;
    return { error: { type: error.details.pythonType ?? error.code, message: error.message } };
  }
}

/** As `loader_walks` in Python. */
function walk({ loader: spec, count, state }: Walk): Walked {
  const iterator = loaderOf(spec)[Symbol.iterator]();
  const sampler = samplerOf(spec);
  if (state !== undefined) iterator.setState(state);
  const elements: unknown[] = [];
  const states = [iterator.getState()];
  let ends = false;
  while (elements.length < count && !ends) {
    const result = iterator.next();
    if (result.done === true) ends = true;
    else elements.push(result.value);
    states.push(iterator.getState());
  }
  const length = sampler.length === Number.POSITIVE_INFINITY ? "9223372036854775807" : String(sampler.length);
  return { sampler: String(sampler), length, elements, states, ends };
}

async function inPython(walks: readonly Walk[]): Promise<Array<Walked | Failure>> {
  const walked = await oracle.call("loader_walks", { walks });
  if (!Array.isArray(walked)) throw new Error("loader_walks gives a list");
  return walked;
}

async function expectSame(walks: readonly Walk[]): Promise<void> {
  for (const [index, walked] of (await inPython(walks)).entries()) {
    const given = walks[index];
    if (given === undefined) throw new Error("one answer for each walk");
    expect({ given, seed, ...attempt(() => walk(given)) }).toEqual({ given, seed, ...walked });
  }
}

/** The same loaders from states that they had here, to be restored in both languages. */
function resumed(walks: readonly Walk[], draw: Draw): Walk[] {
  return walks.flatMap((given) => {
    const walked = attempt(() => walk(given));
    if ("error" in walked) return [];
    const state = walked.states[draw.integer(0, walked.states.length - 1)];
    return state === undefined ? [] : [{ ...given, state }];
  });
}

describe(`a DataLoader, of seed ${seed}`, { timeout: timeoutOf(runs, 600) }, () => {
  it("has Python's elements and, at every position, its state", async () => {
    const draw = drawFrom(seed);
    const walks = Array.from({ length: runs }, () => ({
      loader: drawLoader(draw),
      count: draw.integer(0, 39),
    }));
    await expectSame(walks);
  });

  it("goes on in Python from a state that was saved here, and here from Python's", async () => {
    const draw = drawFrom(seed + 1);
    const walks = Array.from({ length: runs }, () => ({
      loader: drawLoader(draw),
      count: draw.integer(5, 44),
    }));
    const again = resumed(walks, draw);
    expect(again.length).toBeGreaterThan(runs / 2);
    await expectSame(again);
  });

  it("goes on from positions that nobody reached", async () => {
    const loader: LoaderSpec = { sampler: "index", n: 1000, shuffle: true, seed: 7, shard: [1, 3, false] };
    const state = JSON.parse(loaderOf(loader)[Symbol.iterator]().getState());
    const positions = [1e9, 123_456_789_013, 2 ** 50];
    await expectSame(
      positions.map((position) => ({
        loader,
        count: 5,
        state: JSON.stringify({ ...state, last_seen_indices: { "0": position } }),
      })),
    );
  });

  it("refuses the states that Python refuses, with its words", async () => {
    const loader: LoaderSpec = { sampler: "index", n: 10, num_epochs: 1, shard: [1, 2, false] };
    const state = JSON.parse(loaderOf(loader)[Symbol.iterator]().getState());
    const changes = [
      { worker_count: 2 },
      { worker_count: "0" },
      { worker_count: 2, sampler: "x", data_source: "y" },
      { sampler: "x", data_source: "y" },
      { data_source: null },
      { last_seen_indices: { "0": 10 } },
      { last_seen_indices: { "0": -2 } },
      { last_seen_indices: { "0": 2 } },
      { version: 7 },
      { last_worker_index: -9 },
    ];
    await expectSame(
      changes.map((change) => ({ loader, count: 3, state: JSON.stringify({ ...state, ...change }) })),
    );
  });

  it("has the elements and states of real worker processes", async () => {
    const index = { sampler: "index", num_epochs: 1 } as const;
    const dropping: LoaderSpec["operations"] = [
      ["filter", 3],
      ["batch", 2, true],
    ];
    const workers: LoaderSpec[] = [
      { ...index, n: 11, workers: 2, shuffle: true, seed: 5, operations: dropping },
      { ...index, n: 9, workers: 2, operations: [["fan", 2]] },
      { ...index, n: 2, workers: 3, operations: [["random", 50]], seed: 6 },
      { ...index, n: 30, workers: 3, shard: [1, 2, false], operations: [["batch", 4, false]] },
    ];
    // Each process takes seconds to start.
    const walks = workers.slice(0, isLong ? undefined : 2).map((loader) => ({ loader, count: 20 }));
    await expectSame(walks);
    await expectSame(resumed(walks, drawFrom(seed)).slice(0, isLong ? undefined : 1));
  });
});

describe(`a sampler, of seed ${seed}`, { timeout: timeoutOf(runs, 200) }, () => {
  it("gives Python's records and random numbers, or its errors", async () => {
    const draw = drawFrom(seed + 2);
    for (let run = 0; run < runs / 4; run++) {
      const { sampler, n, shuffle, num_epochs, seed: own, shard } = drawLoader(draw);
      const isIndex = sampler === "index";
      const spec: SamplerSpec = {
        sampler,
        n,
        seed: own ?? null,
        shard: shard ?? null,
        ...(isIndex ? { shuffle: shuffle ?? false, num_epochs: num_epochs ?? null } : {}),
      };
      const indices = [
        -1,
        0,
        draw.integer(0, n - 1),
        draw.integer(0, 10 * n - 1),
        1e12 + draw.integer(0, 1e6 - 1),
      ];
      const made = samplerOf(spec);
      const records = indices.map((index) =>
        attempt(() => {
          const metadata = made.get(index);
          const { rng } = metadata;
          const draws = rng === null ? null : [rng.random(), rng.integers(0, 1000), rng.integers(0, 2 ** 40)];
          return { text: String(metadata), draws };
        }),
      );
      const python = await oracle.call("sampler_records", { sampler: spec, indices });
      expect({ spec, seed, records }).toEqual({ spec, seed, records: python });
    }
  });
});
