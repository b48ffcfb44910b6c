import { describe, expect, it } from "vitest";
import { kinds, order } from "./resharded-streams.js";

const STEPS = 10_000;

/** Random numbers that follow from a seed. */
function randomFrom(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

describe.each(Object.entries(kinds))("%s", (_, kind) => {
  it(`gives each element once, in the global order, through ${STEPS} steps, saves, kills and new layouts`, () => {
    const random = randomFrom(7);
    const given: number[] = [];
    let shardCount = 1;
    let batchSize = 1;
    let shards = kind.open(shardCount, batchSize);
    let saved = { text: shards.save(), given: 0, shardCount };
    for (let step = 0; step < STEPS; step++) {
      const what = random(100);
      if (what < 70) {
        given.push(...shards.step());
      } else if (what < 85) {
        saved = { text: shards.save(), given: given.length, shardCount };
      } else {
        if (what >= 92) {
          shardCount = 1 + random(9);
          batchSize = 1 + random(5);
          saved.text = kind.reshard(saved.text, saved.shardCount, shardCount);
          saved.shardCount = shardCount;
        }
        shardCount = saved.shardCount;
        shards = kind.open(shardCount, batchSize, saved.text);
        given.length = saved.given;
      }
    }
    expect(given.length).toBeGreaterThan(STEPS / 10);
    expect(given).toEqual(given.map((_element, index) => order.get(index)));
  });
});
