import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isDict, isList } from "../../src/pytree/container.js";
import { changedState, type Path, placesIn, treeOf } from "../hostile/bad-state.js";
import { outcomeOf, problemOf, requireUntouched, type Verdict } from "../hostile/bad-state-verdicts.js";
import type { Subject } from "../hostile/stream-subjects.js";
import { setUpDatarax } from "./datarax-setup.js";
import { type Draw, drawFrom } from "./draw.js";
import { runsOf, seed, timeoutOf } from "./random-runs.js";

// States with several random changes at random places, against what Python does with each of them.

type Recorded = {
  readonly values: Readonly<Record<string, unknown>>;
  readonly changes: readonly string[];
  readonly subjects: readonly { readonly name: string; readonly subject: Subject; readonly state: unknown }[];
};

const file = new URL("../../fixtures/streams/bad-states.json", import.meta.url);
const recorded: Recorded = JSON.parse(readFileSync(file, "utf8"));

const states = runsOf({ ci: 25, long: 400 });

/** Values beside those of the table. */
function drawValue(draw: Draw): unknown {
  return draw.pick<() => unknown>([
    () => draw.integer(0, 11),
    () => -draw.integer(0, 4),
    () => ({ $int: String(BigInt(draw.integer(0, 2 ** 30)) ** BigInt(1 + draw.integer(0, 3))) }),
    () => ({ $float: draw.pick(["0.5", "2.5", "3.0"]) }),
    () => draw.pick(["next_index", "0", "é"]),
    () => Array.from({ length: draw.integer(0, 3) }, () => draw.integer(0, 5)),
    () => ({ parent: { next_index: draw.integer(0, 5) } }),
  ])();
}

/** A change at a random place, which `values` may hold the value of. */
function drawChange(
  state: unknown,
  draw: Draw,
): { readonly state: unknown; readonly path: Path; readonly change: string } {
  for (;;) {
    const places = placesIn(state);
    const path = places[draw.integer(0, places.length - 1)] ?? [];
    const change = draw.chance(0.3)
      ? "drawn"
      : (recorded.changes[draw.integer(0, recorded.changes.length - 1)] ?? "null");
    const drawn = { ...recorded.values, drawn: drawValue(draw) };
    const changed = changedState(state, path, change, drawn);
    if (changed !== undefined) return { state: changed, path, change };
  }
}

function holds(json: unknown, tag: string): boolean {
  if (isList(json)) return json.some((item) => holds(item, tag));
  return isDict(json) && (Object.hasOwn(json, tag) || Object.values(json).some((item) => holds(item, tag)));
}

describe(`damaged states, of seed ${seed}`, { timeout: timeoutOf(states, 1000) }, () => {
  const setup = setUpDatarax();

  it.each(recorded.subjects)("of $name lead where they lead in Python", async ({ name, subject, state }) => {
    const draw = drawFrom(seed ^ name.length);
    const drawn = Array.from({ length: states }, () => drawChange(state, draw)).filter(
      ({ state: json }) =>
        subject.kind !== "loader" ||
        !(holds(json, "$array") || holds(json, "$tuple") || holds(json, "$float")),
    );
    const answer: unknown = await setup.oracle.call("bad_states", {
      subject,
      states: drawn.map(({ state: json }) => json),
    });
    const verdicts: readonly Verdict[] = Object(answer);
    const problems: string[] = [];
    for (const [index, { state: json, path, change }] of drawn.entries()) {
      const verdict = verdicts[index];
      if (verdict === undefined) throw new Error("a verdict for each state");
      const tree = treeOf(json, { exact: true });
      const outcome = await outcomeOf(subject, tree);
      const problem = problemOf({ subject: name, path, change }, verdict, outcome);
      if (problem !== undefined) problems.push(`${JSON.stringify(json)}: ${problem}`);
      if ("error" in outcome) await requireUntouched(subject, tree);
    }
    expect(problems).toEqual([]);
  });
});
