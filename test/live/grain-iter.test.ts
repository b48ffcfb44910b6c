import { describe, expect, it } from "vitest";
import { IteratorCheckpoint } from "../../src/datarax/iterator-checkpoint.js";
import type { IteratorState } from "../../src/grain/node.js";
import { buildProgram, type Program, type Sources } from "../grain/iter/program.js";
import { iterate, type Step, stepOf, stepsOf, throughJson } from "../grain/iter/steps.js";
import { setUpDatarax } from "./datarax-setup.js";
import { drawFrom } from "./draw.js";
import { randomIterProgram } from "./random-iter-program.js";
import { seed as firstSeed, isLong, runsOf } from "./random-runs.js";

/** Random pipelines; each has a seed of its own, from the first on: `ORBAX_SEED=… ORBAX_RUNS=1` repeats one. */
const runs = runsOf({ ci: 120, long: 3000 });
const MOST_STEPS = 25;

const live = setUpDatarax();

type RecordedStep = Step & { readonly state: IteratorState };

/** What `grain_record` answers. */
type Recording = {
  readonly steps: readonly RecordedStep[];
  readonly restored: Readonly<Record<string, IteratorState>>;
  readonly lost: readonly number[];
};

describe(`random pipelines from seed ${firstSeed} on`, () => {
  const seeds = Array.from({ length: runs }, (_, index) => firstSeed + index);

  it.each(seeds)("do as Grain does, and go on from each of its states, for seed %i", async (seed) => {
    const draw = drawFrom(seed);
    const program = randomIterProgram(draw);
    const sources = draw.pick<Sources>(["at once", "later"]);
    const what = `${JSON.stringify(program)}, ${sources}`;
    const open = () => iterate(buildProgram(program, sources), sources);

    // Without the defects of Grain's interleave that `scripts/oracle/grain_programs.py` describes.
    const asked = { program, most: MOST_STEPS, mended: true };
    const { steps, restored, lost }: Recording = Object(
      await live.oracle.call("grain_record", asked).catch((error: unknown) => ({ steps: [], error })),
    );
    if (steps.length === 0) {
      expect(() => buildProgram(program), what).toThrow();
      return;
    }
    const uninterrupted = open();
    for (const step of steps) {
      expect(throughJson(await uninterrupted.getState()), what).toEqual(step.state);
      expect(await uninterrupted.next(), what).toEqual(stepOf(step));
    }
    for (const [position, { state }] of steps.entries()) {
      const resumed = open();
      await resumed.setState(state);
      if (!lost.includes(position)) {
        expect(throughJson(await resumed.getState()), `${what} at ${position}`).toEqual(
          restored[position] ?? state,
        );
      }
      const rest = steps.slice(position);
      expect(await stepsOf(resumed, rest.length), `${what} from ${position}`).toEqual(rest.map(stepOf));
    }
  });
});

const values = (start: number, stop: number): Program => ["iter", ["range", start, stop]];

describe("checkpoints of such iterators", () => {
  const programs: readonly Program[] = [
    ["mix", [values(0, 6), values(100, 104)], [0.329, 0.983]],
    ["mixNamed", { b: values(0, 6), a: values(100, 104) }, null],
    ["zip", [values(0, 6), values(10, 16)], true],
    ["repeat", ["cache", values(0, 4)], 3],
    ["limit", ["windowShuffle", values(0, 11), 4, 441], 9],
    ["interleave", [values(0, 5), ["range", 9, 9], ["filterMap", ["range", 20, 29], 4], values(200, 204)], 2],
    [
      "interleave",
      [
        ["mix", [values(50, 53), values(60, 63)], null],
        ["flatMap", values(0, 6), 3],
      ],
      2,
    ],
    ["rebatch", ["batch", values(0, 10), 3, false], 4, false],
    ["elastic", ["shuffle", ["range", 0, 24], 5], 4, 1, 2],
  ];

  it.each(programs.map((program) => [JSON.stringify(program), program] as const))(
    "go from Python to Node and back: %s",
    async (text, program) => {
      const uninterrupted = iterate(buildProgram(program), "at once");
      const all = (await stepsOf(uninterrupted, 30)).flatMap((step) => ("value" in step ? [step.value] : []));
      const code = `import json\nfrom grain_programs import build\ndef make():\n    return iter(build(json.loads(${JSON.stringify(text)})))`;
      for (const [first, second] of [
        [0, 0],
        [2, all.length],
        [1, all.length - 1],
        [all.length, all.length],
      ] as const) {
        const base = live.newBase();
        await live.oracle.call("stream_new", { id: "before", class: "script", config: { code } });
        await live.oracle.call("stream_next", { id: "before", count: first, via: "next" });
        await live.oracle.call("stream_save", { id: "before", base, step: 1 });

        const checkpoints = new IteratorCheckpoint(base);
        const iterator = await checkpoints.restoreLatest(buildProgram(program)[Symbol.iterator]());
        const given: unknown[] = [];
        for (let count = first; count < second; count++) given.push(iterator.next().value);
        expect(given).toEqual(all.slice(first, second));
        await checkpoints.saveToDirectory(iterator, { step: 2 });

        await live.oracle.call("stream_new", { id: "behind", class: "script", config: { code } });
        await live.oracle.call("stream_restore", { id: "behind", base, latest: true });
        const rest = await live.oracle.call("stream_next", {
          id: "behind",
          count: all.length - second,
          via: "next",
        });
        expect(rest).toMatchObject({ elements: all.slice(second) });
      }
    },
  );
});

describe("mp_prefetch with processes", () => {
  const programs: readonly Program[] = [
    ["mpPrefetch", ["batch", ["iter", ["range", 0, 11]], 2, false], 3],
    [
      "mpPrefetch",
      [
        "interleave",
        [
          ["range", 0, 2],
          ["range", 10, 12],
          ["range", 20, 22],
        ],
        2,
      ],
      2,
    ],
    [
      "mpPrefetch",
      [
        "mix",
        [
          ["iter", ["range", 0, 4]],
          ["iter", ["range", 100, 104]],
        ],
        null,
      ],
      2,
    ],
    ["mpPrefetch", ["cache", ["windowShuffle", ["iter", ["range", 0, 9]], 3, 5]], 1],
  ];

  // Each starts processes of Python, which takes seconds.
  const some = programs.slice(0, isLong ? undefined : 2);
  it.each(some.map((program) => [JSON.stringify(program), program] as const))("%s", async (_, program) => {
    const own = iterate(buildProgram(program), "at once");
    const states: IteratorState[] = [await own.getState()];
    const steps: Step[] = [];
    while (steps.length < 4 || "value" in (steps.at(-1) ?? {})) {
      steps.push(await own.next());
      states.push(throughJson(await own.getState()));
    }
    const fromStart: { steps: Step[]; state: IteratorState } = Object(
      await live.oracle.call("grain_steps", { program, state: null, count: 4 }),
    );
    expect(fromStart.steps).toEqual(steps.slice(0, 4));
    expect(fromStart.state).toEqual(states[4]);
    const rest: { steps: Step[]; state: IteratorState } = Object(
      await live.oracle.call("grain_steps", { program, state: states[4], count: steps.length - 4 }),
    );
    expect(rest.steps).toEqual(steps.slice(4));
    expect(rest.state).toEqual(states.at(-1));
    const resumed = iterate(buildProgram(program), "at once");
    await resumed.setState(fromStart.state);
    expect(await stepsOf(resumed, steps.length - 4)).toEqual(steps.slice(4));
  });
});
