import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { prefetch } from "../../src/datarax/prefetch.js";
import { ShuffleSampler } from "../../src/datarax/samplers/shuffle-sampler.js";
import { isOrbaxError } from "../../src/errors.js";
import type { Tree } from "../../src/pytree/value.js";
import { untyped } from "../datarax/recorder.js";
import { changedState, type Path, placesIn, treeOf } from "./bad-state.js";
import { type Damage, outcomeOf, problemOf, requireUntouched, type Verdict } from "./bad-state-verdicts.js";
import { openSubject, type Subject } from "./stream-subjects.js";

// `scripts/make-bad-state-fixtures.py` recorded what Python does with each change of each place of a real state.

type Recorded = {
  readonly values: Readonly<Record<string, unknown>>;
  readonly changes: readonly string[];
  readonly verdicts: readonly Verdict[];
  readonly subjects: readonly {
    readonly name: string;
    readonly subject: Subject;
    readonly state: unknown;
    readonly places: readonly { readonly path: Path; readonly verdicts: readonly number[] }[];
  }[];
};

const file = new URL("../../fixtures/streams/bad-states.json", import.meta.url);
const recorded: Recorded = JSON.parse(readFileSync(file, "utf8"));

type Case = Damage & { readonly json: unknown; readonly verdict: Verdict };

function casesOf({ name, state, places }: Recorded["subjects"][number]): Case[] {
  return places.flatMap(({ path, verdicts }) =>
    recorded.changes.flatMap((change, index) => {
      const verdict = recorded.verdicts[verdicts[index] ?? -1];
      if (verdict === undefined) return [];
      return [
        { subject: name, path, change, json: changedState(state, path, change, recorded.values), verdict },
      ];
    }),
  );
}

function label({ path, change }: Case): string {
  return `${path.join(".") || "(state)"}, ${change}`;
}

/** Loaders read JSON, in which 1.0 is no integer; others take states with and without exact types. */
function treesOf(subject: Subject, json: unknown): Tree[] {
  const exact = treeOf(json, { exact: true });
  return subject.kind === "loader" ? [exact] : [exact, treeOf(json, { exact: false })];
}

describe.each(recorded.subjects)("a damaged state of $name", (entry) => {
  const { subject } = entry;
  const cases = casesOf(entry);

  const taken = async ({ json }: Case) =>
    !("error" in (await outcomeOf(subject, treeOf(json, { exact: true }))));

  it("leads where it leads in Python, or to a typed refusal of what is no position", async () => {
    const problems: string[] = [];
    for (const damage of cases) {
      const outcome = await outcomeOf(subject, treeOf(damage.json, { exact: true }));
      const problem = problemOf(damage, damage.verdict, outcome);
      if (problem !== undefined) problems.push(`${label(damage)}: ${problem}`);
    }
    expect(problems).toEqual([]);
  });

  it("leaves a stream under way as it was when it is refused, whatever types it came with", async () => {
    let refused = 0;
    for (const { json } of cases) {
      for (const state of treesOf(subject, json)) {
        if (!("error" in (await outcomeOf(subject, state)))) continue;
        refused++;
        await requireUntouched(subject, state);
      }
    }
    expect(refused).toBeGreaterThan(cases.length / 4);
  });

  it("is taken with a number of any integer type, where it is with a plain one", async () => {
    const types = ["np.int64", "jax uint32", "np scalar"];
    for (const damage of cases.filter(({ change, path }) => change === "one" && path.length > 0)) {
      const others = cases.filter(
        ({ path, change, verdict }) =>
          path === damage.path && types.includes(change) && !("error" in verdict),
      );
      const plain = await taken(damage);
      for (const other of plain ? others : [])
        expect([label(other), await taken(other)]).toEqual([label(other), true]);
    }
  });
});

const later = recorded.subjects.filter(
  ({ subject }) => subject.kind === "grain" && !text(subject).includes("elastic"),
);

describe.each(later)("a damaged state of $name over sources that answer later", (entry) => {
  it("leaves the iterator as it was when it is refused", async () => {
    for (const { json, verdict } of casesOf(entry)) {
      const state = treeOf(json, { exact: false });
      if (!("error" in verdict) || !("error" in (await outcomeOf(entry.subject, state)))) continue;
      await requireUntouched(entry.subject, state, "later");
    }
  });
});

function text(value: unknown): string {
  return JSON.stringify(value);
}

describe("a reader that reads ahead", () => {
  const sampler = recorded.subjects.find(({ name }) => name === "ShuffleSampler");

  it("goes on with what it had read when its stream refuses a state", async () => {
    for (const { json } of sampler === undefined ? [] : casesOf(sampler)) {
      const state = treeOf(json, { exact: true });
      const [refusing, twin] = [0, 0].map(() =>
        prefetch(new ShuffleSampler({ datasetSize: 12, seed: 5 }), {
          fetch: (index) => index,
          bufferSize: 3,
        }),
      );
      if (refusing === undefined || twin === undefined) throw new Error("two readers");
      for (const reader of [refusing, twin]) await reader.next();
      const isRefused = await refusing.setState(untyped(state)).then(
        () => false,
        () => true,
      );
      if (!isRefused) continue;
      expect(await refusing.getState()).toEqual(await twin.getState());
      expect([await refusing.next(), await refusing.next()]).toEqual([await twin.next(), await twin.next()]);
    }
  });
});

/** What JavaScript can pass and Python has no word for. */
function strangers(state: unknown): Tree[] {
  const cyclic: Record<string, unknown> = Object.assign(Object.create(null), Object(state));
  cyclic.self = cyclic;
  const first = Object.keys(Object(state)).at(0) ?? "x";
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level++) deep = level % 2 === 0 ? [deep] : { deep };
  const values = [
    cyclic,
    deep,
    new Map([["a", 1]]),
    undefined,
    () => 1,
    Symbol("x"),
    new Date(0),
    new URL("file:///a"),
  ];
  const inside = placesIn(state)
    .filter((path) => path.length === 1)
    .flatMap((path) => values.map((value) => ({ ...Object(state), [path[0] ?? first]: value })));
  return [...values, ...inside].map(untyped);
}

describe.each(recorded.subjects.filter(({ subject }) => subject.kind !== "loader"))(
  "a state of $name with values of JavaScript's own",
  ({ subject, state }) => {
    it("is taken, or refused with a typed error", async () => {
      for (const stranger of strangers(treeOf(state, { exact: false }))) {
        const stream = openSubject(subject);
        try {
          await stream.setState(stranger);
          await stream.next();
          await stream.getState();
        } catch (error) {
          if (!isOrbaxError(error)) throw error;
        }
      }
    });
  },
);
