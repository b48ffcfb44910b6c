import { describe, expect, it } from "vitest";
import { type Kind, kinds, order, RECORDS, SEED } from "../grain/resharded-streams.js";
import { setUpDatarax } from "./datarax-setup.js";
import { drawFrom } from "./draw.js";
import { runsOf, seed, timeoutOf } from "./random-runs.js";

const STEPS = runsOf({ ci: 500, long: 10_000 });

const live = setUpDatarax();

/** What a turn gives: its elements in the global order, and what all shards together save behind them. */
type Turn = { readonly elements: readonly number[]; readonly saved: string };

type TurnOptions = {
  readonly shards: number;
  readonly batch: number;
  readonly saved: string | null;
  readonly steps: number;
};

async function turnInPython(kind: string, options: TurnOptions): Promise<Turn> {
  return Object(await live.oracle.call("elastic_steps", { kind, records: RECORDS, seed: SEED, ...options }));
}

function turnHere(kind: Kind, { shards: count, batch, saved, steps }: TurnOptions): Turn {
  const shards = kind.open(count, batch, saved ?? undefined);
  const elements = Array.from({ length: steps }, () => shards.step()).flat();
  return { elements, saved: shards.save() };
}

describe(`from seed ${seed}`, () => {
  it.each(Object.entries(kinds))(
    `${STEPS} steps in either language, with new layouts between them, keep the global order: %s`,
    async (name, kind) => {
      const draw = drawFrom(seed);
      const given: number[] = [];
      let shards = draw.integer(1, 6);
      let saved: string | null = null;
      for (let left = STEPS; left > 0; ) {
        const steps = Math.min(left, draw.integer(1, 12));
        const options = { shards, batch: draw.integer(1, 4), saved, steps };
        const turn: Turn = draw.chance(0.5) ? await turnInPython(name, options) : turnHere(kind, options);
        left -= steps;
        if (draw.chance(0.2)) continue; // killed before it saved
        given.push(...turn.elements);
        const next = draw.chance(0.6) ? draw.integer(1, 6) : shards;
        saved = kind.reshard(turn.saved, shards, next);
        shards = next;
      }
      expect(given.length).toBeGreaterThan(STEPS / 4);
      expect(given).toEqual(given.map((_, index) => order.get(index)));
    },
    timeoutOf(STEPS, 50),
  );
});
