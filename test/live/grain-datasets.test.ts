import { describe, expect, it } from "vitest";
import { IteratorCheckpoint } from "../../src/datarax/iterator-checkpoint.js";
import { isOrbaxError } from "../../src/errors.js";
import { MapDataset } from "../../src/grain/map-dataset.js";
import type { IteratorState } from "../../src/grain/node.js";
import { setUpDatarax } from "./datarax-setup.js";
import { drawFrom } from "./draw.js";
import { build, type Program } from "./grain-program.js";
import { randomProgram } from "./random-grain-program.js";
import { seed as firstSeed, runsOf } from "./random-runs.js";

/** Random pipelines; each has a seed of its own, from the first on: `ORBAX_SEED=… ORBAX_RUNS=1` repeats one. */
const runs = runsOf({ ci: 200, long: 3000 });
const MOST_ELEMENTS = 25;

const live = setUpDatarax();

/** What an iteration gave, in either language. */
type Run = {
  readonly elements: readonly unknown[];
  /** At the start and behind each element; behind the end too. */
  readonly states: readonly IteratorState[];
  readonly ends: boolean;
  readonly error: Failure | null;
};

type Failure = { readonly type: string; readonly message: string };

/** What `grain_run` answers. */
type Answer = {
  readonly run?: Run;
  readonly resumed?: readonly Run[];
  readonly length?: string;
  readonly elements_at?: readonly unknown[];
  readonly error?: Failure;
};

async function runInPython(program: Program, args: object): Promise<Answer> {
  const answer = JSON.stringify(await live.oracle.call("grain_run", { program, ...args }));
  return JSON.parse(answer, (key, value: unknown) =>
    key === "message" ? withoutFunctions(String(value)) : value,
  );
}

function runHere(program: Program, state?: IteratorState): Run {
  const elements: unknown[] = [];
  const states: IteratorState[] = [];
  let ends = false;
  try {
    const iterator = build(program)[Symbol.iterator]();
    if (state !== undefined) iterator.setState(state);
    states.push(iterator.getState());
    while (elements.length < MOST_ELEMENTS && !ends) {
      const result = iterator.next();
      if (result.done === true) ends = true;
      else elements.push(result.value);
      states.push(iterator.getState());
    }
  } catch (error) {
    return { elements, states, ends, error: failureOf(error) };
  }
  return { elements, states, ends, error: null };
}

function failureOf(error: unknown): Failure {
  if (!isOrbaxError(error)) throw error;
  return { type: error.details.pythonType ?? error.code, message: withoutFunctions(error.message) };
}

/**
 * Messages name datasets, some of those the function that they call; and tuples, which JavaScript does not tell from
 * lists.
 */
function withoutFunctions(message: string): string {
  return message
    .replaceAll(/\(transform=[^)]*\)/g, "(transform)")
    .replaceAll(/ZipMapDataset\(parents=\([^()]*\)/g, "ZipMapDataset") // with their addresses in memory
    .replace(/(same structure but got:).*/s, "$1");
}

/** Python's length as it is here: nobody counts beyond 2^53. */
function lengthOf(text: string | undefined): number {
  const length = Number(text);
  return Number.isSafeInteger(length) ? length : Number.POSITIVE_INFINITY;
}

/** As JSON has it: what both languages are compared in. */
function json(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

function errorOf(act: () => unknown): Failure | null {
  try {
    act();
    return null;
  } catch (error) {
    return failureOf(error);
  }
}

function elementAt(
  program: Program,
  index: number,
): { readonly element: unknown } | { readonly error: Failure } | undefined {
  const dataset = build(program);
  if (!(dataset instanceof MapDataset)) return undefined;
  try {
    return { element: dataset.get(index) };
  } catch (error) {
    return { error: failureOf(error) };
  }
}

describe(`random pipelines from seed ${firstSeed} on`, () => {
  const seeds = Array.from({ length: runs }, (_, index) => firstSeed + index);

  it.each(seeds)(
    "gives the elements and states of Grain, and goes on from each other's, for seed %i",
    async (seed) => {
      const program = randomProgram(seed);
      const what = JSON.stringify(program);
      const draw = drawFrom(seed ^ 0x5eed);
      const buildError = errorOf(() => build(program));
      const own = buildError === null ? runHere(program) : undefined;
      const positions =
        own === undefined ? [] : Array.from({ length: 3 }, () => draw.integer(0, own.states.length - 1));
      const states = positions.map((position) => own?.states[position]);
      const indices = [draw.integer(0, 5), draw.integer(6, 60), draw.integer(1e9, 2e9)];
      const python = await runInPython(program, { count: MOST_ELEMENTS, states, indices });

      expect(python.error ?? null, what).toEqual(buildError);
      if (python.run === undefined || own === undefined) return;
      if (own.error?.type === "UNSUPPORTED") return; // indices near 2^63
      expect(json(own), what).toEqual(python.run);
      for (const [place, position] of positions.entries()) {
        // Python goes on from our state, and we from the state that Python has there.
        const pythonState = python.run.states[position];
        expect(python.resumed?.[place], `${what} from ${position}`).toEqual(
          json(runHere(program, pythonState)),
        );
      }
      if (python.elements_at === undefined) return;
      for (const [place, index] of indices.entries()) {
        const found = elementAt(program, index);
        const isBeyond = found !== undefined && "error" in found && found.error.type === "UNSUPPORTED";
        if (!isBeyond) expect(json(found), `${what} at ${index}`).toEqual(python.elements_at[place]);
      }
      const dataset = build(program);
      expect(dataset instanceof MapDataset && dataset.length, what).toBe(lengthOf(python.length));
    },
  );
});

describe(`checkpoints of Grain's iterators from seed ${firstSeed} on`, () => {
  const seeds = Array.from({ length: runsOf({ ci: 12, long: 200 }) }, (_, index) => firstSeed + index);

  it.each(seeds)("go from Python to Node and back, for seed %i", async (seed) => {
    const program = randomProgram(seed);
    const draw = drawFrom(seed ^ 0xc4ec);
    if (errorOf(() => build(program)) !== null) return;
    const own = runHere(program);
    if (own.error !== null) return;
    const first = draw.integer(0, own.elements.length);
    const second = draw.integer(first, own.elements.length);
    const code = `import json\nfrom ops_grain import iterator_of\ndef make():\n    return iterator_of(json.loads(${JSON.stringify(JSON.stringify(program))}))`;
    const make = async (id: string) => {
      await live.oracle.call("stream_new", { id, class: "script", config: { code } });
    };
    const take = async (id: string, count: number) => {
      const { elements }: { elements: unknown[] } = Object(
        await live.oracle.call("stream_next", { id, count, via: "next" }),
      );
      return elements;
    };
    const base = live.newBase();
    await make("before");
    const taken = await take("before", first);
    await live.oracle.call("stream_save", { id: "before", base, step: 1 });

    const checkpoints = new IteratorCheckpoint(base);
    const iterator = await checkpoints.restoreLatest(build(program)[Symbol.iterator]());
    for (let count = first; count < second; count++) taken.push(json(iterator.next().value));
    await checkpoints.saveToDirectory(iterator, { step: 2 });

    await make("behind");
    await live.oracle.call("stream_restore", { id: "behind", base, latest: true });
    taken.push(...(await take("behind", own.elements.length - second)));
    expect(taken, JSON.stringify(program)).toEqual(json(own.elements));
  });
});
