import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { IteratorState } from "../../../src/grain/node.js";
import { isDict } from "../../../src/pytree/container.js";
import type { Tree } from "../../../src/pytree/value.js";
import { ndarray } from "../../../src/zarr/nd-array.js";
import { buildProgram, type Program, type Sources } from "./program.js";
import { iterate, type Step, stepOf, stepsOf, throughJson } from "./steps.js";

/** A pipeline with what real Grain did at every position (scripts/oracle/grain_programs.py). */
type Recording = {
  readonly program: Program;
  readonly steps: readonly (Step & { readonly state: IteratorState })[];
  readonly restored: Readonly<Record<string, IteratorState>>;
  readonly lost: readonly number[];
};

const file = new URL("../../../fixtures/grain/programs.json", import.meta.url);
const recordings: readonly Recording[] = JSON.parse(readFileSync(file, "utf8"));

/** A state as Orbax gives it back: counts are arrays of rank 0, and empty dicts are not there. */
function throughOrbax(state: IteratorState): IteratorState {
  const kept = Object.entries(state).filter(([, value]) => !isState(value) || Object.keys(value).length > 0);
  return Object.fromEntries(kept.map(([key, value]) => [key, valueThroughOrbax(value)]));
}

function valueThroughOrbax(value: Tree): Tree {
  if (typeof value === "number") return ndarray("int64", [], new BigInt64Array([BigInt(value)]));
  if (Array.isArray(value)) return value.map(valueThroughOrbax);
  return isState(value) ? throughOrbax(value) : value;
}

function isState(value: Tree): value is IteratorState {
  return isDict(value);
}

const waysToStore: readonly [string, (state: IteratorState) => IteratorState][] = [
  ["as it is", (state) => state],
  ["through JSON", throughJson],
  ["through Orbax", throughOrbax],
];

describe.each(recordings.map((recording) => [JSON.stringify(recording.program), recording] as const))(
  "%s",
  (_, { program, steps, restored, lost }) => {
    const iterator = (sources: Sources) => iterate(buildProgram(program, sources), sources);

    it.each<Sources>(["at once", "later"])("gives Grain's elements and states, %s", async (sources) => {
      const uninterrupted = iterator(sources);
      for (const step of steps) {
        expect(throughJson(await uninterrupted.getState())).toEqual(step.state);
        expect(await uninterrupted.next()).toEqual(stepOf(step));
      }
    });

    it.each<Sources>(["at once", "later"])("goes on from each state of Grain, %s", async (sources) => {
      for (const [position, { state }] of steps.entries()) {
        const resumed = iterator(sources);
        await resumed.setState(state);
        // Where Grain loses elements of its own state, there is nothing to compare with.
        if (!lost.includes(position)) {
          expect(throughJson(await resumed.getState())).toEqual(restored[position] ?? state);
        }
        const rest = steps.slice(position);
        expect(await stepsOf(resumed, rest.length)).toEqual(rest.map(stepOf));
      }
    });

    it.each(waysToStore)("goes on from each state of its own, %s", async (_way, store) => {
      for (const position of steps.keys()) {
        const interrupted = iterator("at once");
        await stepsOf(interrupted, position);
        const resumed = iterator("at once");
        await resumed.setState(store(await interrupted.getState()));
        const rest = steps.slice(position);
        expect(await stepsOf(resumed, rest.length)).toEqual(rest.map(stepOf));
      }
    });

    it("goes on from states of states", async () => {
      let current = iterator("at once");
      for (const step of steps) {
        const resumed = iterator("at once");
        await resumed.setState(throughJson(await current.getState()));
        current = resumed;
        expect(await current.next()).toEqual(stepOf(step));
      }
    });
  },
);
