import { mkdir } from "node:fs/promises";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IteratorCheckpoint } from "../../src/datarax/iterator-checkpoint.js";
import type { PackingCase } from "../grain/packing/packing-case.js";
import { expectedElement } from "../grain/packing/packing-elements.js";
import { expectedTrace, iterate, MOST, resumed, traceOf } from "../grain/packing/packing-trace.js";
import { packingCases, type RandomPacking } from "../grain/packing/random-packing.js";
import type { Trace } from "../grain/packing/vectors.js";
import { setUpDatarax } from "./datarax-setup.js";
import { runsOf, seed, timeoutOf } from "./random-runs.js";

const runs = runsOf({ ci: 150, long: 3000 });

const live = setUpDatarax();

function asTrace(answer: unknown): Trace {
  const { elements, states = [], error = null }: Trace = Object(answer);
  return { elements, states, error };
}

function traceOfPython(dataset: PackingCase): Promise<Trace> {
  return live.oracle.call("packing_trace", { dataset, most: MOST }).then(asTrace);
}

/** @param most How many elements to take from each state. */
async function resumedInPython(
  dataset: PackingCase,
  states: readonly unknown[],
  most: readonly number[],
): Promise<Trace[]> {
  const answers: unknown = await live.oracle.call("packing_resume", { dataset, states, most });
  return Array.isArray(answers) ? answers.map(asTrace) : [];
}

/** A few positions of a stream: the first, the last, and some between. */
function positionsOf(states: readonly unknown[]): number[] {
  const last = states.length - 1;
  return [...new Set([0, 1, Math.floor(last / 3), Math.floor(last / 2), last - 1, last])].filter(
    (position) => position >= 0 && position <= last,
  );
}

describe(`${runs} datasets that pack, of seed ${seed}`, () => {
  it(
    "give the elements, states and errors of Grain, and go on from each other's states",
    async () => {
      await fc.assert(
        fc.asyncProperty(packingCases, async (packing) => {
          const python = expectedTrace(await traceOfPython(packing.dataset), packing);
          expect(traceOf(() => iterate(packing))).toEqual(python);

          for (const [position, state] of python.states.entries()) {
            expect(resumed(packing, state, MOST - position).elements).toEqual(
              python.elements.slice(position),
            );
          }
          const positions = positionsOf(python.states);
          const inPython = await resumedInPython(
            packing.dataset,
            positions.map((position) => python.states[position]),
            positions.map((position) => MOST - position),
          );
          expect(inPython.map((rest) => expectedTrace(rest, packing).elements)).toEqual(
            positions.map((position) => python.elements.slice(position)),
          );
        }),
        { numRuns: runs, seed },
      );
    },
    timeoutOf(runs, 400),
  );
});

/** Datasets with some elements and no errors, and what Python gave. */
async function someThatWork(): Promise<(readonly [packing: RandomPacking, elements: readonly unknown[]])[]> {
  const found: (readonly [RandomPacking, readonly unknown[]])[] = [];
  for (const packing of fc.sample(packingCases, { numRuns: 1000, seed })) {
    const { elements, error } = await traceOfPython(packing.dataset);
    if (error === null && elements.length > 3) found.push([packing, elements]);
    if (found.length === runsOf({ ci: 12, long: 100 })) return found;
  }
  throw new Error(`too few datasets that work, of seed ${seed}`);
}

describe(`checkpoints of datasets that pack, of seed ${seed}`, () => {
  it("go on here from what Python saved through Datarax", async () => {
    for (const [{ dataset, forms }, elements] of await someThatWork()) {
      const base = live.newBase();
      const count = Math.floor(elements.length / 2);
      await live.oracle.call("packing_save", { dataset, count, base });
      const iterator = iterate({ dataset, forms });
      await new IteratorCheckpoint(base).restore(iterator);
      const rest = elements.slice(count).map((element) => expectedElement(element, forms));
      expect(traceOf(() => iterator, MOST - count).elements).toEqual(rest);
    }
  });

  it("go on in Python from what was saved here", async () => {
    for (const [{ dataset, forms }, elements] of await someThatWork()) {
      const base = live.newBase();
      const iterator = iterate({ dataset, forms });
      const count = Math.floor(elements.length / 2);
      for (let taken = 0; taken < count; taken++) iterator.next();
      await new IteratorCheckpoint(base).saveToDirectory(iterator);
      const rest = await live.oracle.call("packing_restore", { dataset, base, most: MOST - count });
      expect(asTrace(rest).elements).toEqual(elements.slice(count));
    }
  });

  it("go on from the JSON of Grain's own handler", async () => {
    for (const [{ dataset, forms }, elements] of await someThatWork()) {
      const folder = live.newBase();
      await mkdir(folder, { recursive: true });
      const count = Math.floor(elements.length / 3);
      const text = await live.oracle.call("packing_json", { dataset, count, folder });
      const iterator = iterate({ dataset, forms });
      iterator.setState(JSON.parse(String(text)));
      const rest = elements.slice(count).map((element) => expectedElement(element, forms));
      expect(traceOf(() => iterator, MOST - count).elements).toEqual(rest);
    }
  });
});

describe("a state of ConcatThenSplitIterDataset without a remainder, after JSON", () => {
  const dataset: PackingCase = {
    class: "ConcatThenSplitIterDataset",
    elements: [1, 2, 3, 4].map((value) => ({
      x: { $array: { kind: "numpy", dtype: "int32", shape: [2], data: [value, value] } },
    })),
    options: { length_struct: { x: 4 } },
  };
  const state = {
    parent_state: { next_index: 0 },
    remainder_slices: { x: [-1, -1] },
    elements_from_buffer_after_checkpoint: 0,
  };

  it("loses elements in Python", async () => {
    const [all, damaged] = await Promise.all([
      traceOfPython(dataset),
      live.oracle.call("packing_resume", { dataset, states: [state], most: [MOST], repair: false }),
    ]);
    expect(Array.isArray(damaged) && asTrace(damaged[0]).elements).not.toEqual(all.elements);
  });

  it("goes on here as if nothing had happened", async () => {
    const all = await traceOfPython(dataset);
    const packing = { dataset, forms: {} };
    expect(resumed(packing, state, MOST).elements).toEqual(expectedTrace(all, packing).elements);
  });
});
