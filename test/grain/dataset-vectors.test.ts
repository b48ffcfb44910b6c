import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { InterleaveIterDataset } from "../../src/grain/iter/interleave.js";
import { LimitIterDataset } from "../../src/grain/iter/limit.js";
import { RepeatIterDataset } from "../../src/grain/iter/repeat.js";
import { WindowShuffleIterDataset } from "../../src/grain/iter/window-shuffle.js";
import { ZipIterDataset } from "../../src/grain/iter/zip.js";
import { IterDataset } from "../../src/grain/iter-dataset.js";
import { WindowShuffleMapDataset } from "../../src/grain/map/window-shuffle.js";
import { MapDataset } from "../../src/grain/map-dataset.js";
import type { IteratorState } from "../../src/grain/node.js";
import { take } from "../elements.js";
import { iterateFrom } from "./iterations.js";

type IteratorCase = {
  readonly class: string;
  readonly program: string;
  readonly consumed: number;
  readonly first: readonly unknown[];
  readonly state: IteratorState;
  readonly next: readonly unknown[];
  readonly ends: boolean;
};

const url = new URL("../../docs/spec/vectors/grain.json", import.meta.url);
const { cases }: { cases: IteratorCase[] } = JSON.parse(readFileSync(url, "utf8"));

const SEED = 313264249;
const SEED_2 = 441;
const range = (length: number, plus = 0) => MapDataset.range(length).map((x) => x + plus);
const iterate = (length: number, plus = 0) => range(length, plus).toIterDataset();
const isThird = (x: number) => x % 3 === 0;

/** The programs of the vectors, in TypeScript. */
const PROGRAMS: { readonly [program: string]: () => MapDataset<unknown> | IterDataset<unknown> } = {
  "range(10)": () => MapDataset.range(10),
  "range(10).shuffle(313264249)": () => MapDataset.range(10).shuffle(SEED),
  "range(10).shuffle(313264249).repeat(3)": () => MapDataset.range(10).shuffle(SEED).repeat(3),
  "range(10).shuffle(313264249).repeat()": () => MapDataset.range(10).shuffle(SEED).repeat(),
  "range(10).shuffle(313264249).repeat(2, reseed_each_epoch=False)": () =>
    MapDataset.range(10).shuffle(SEED).repeat(2, { reseedEachEpoch: false }),
  "range(10).seed(313264249).shuffle().repeat()": () => MapDataset.range(10).seed(SEED).shuffle().repeat(),
  "range(10).seed(313264249).map(+0).shuffle()": () =>
    MapDataset.range(10)
      .seed(SEED)
      .map((x) => x)
      .shuffle(),
  "range(10).shuffle(313264249).batch(4)": () => MapDataset.range(10).shuffle(SEED).batch(4),
  "range(10).shuffle(313264249).batch(4, drop_remainder=True)": () =>
    MapDataset.range(10).shuffle(SEED).batch(4, { dropRemainder: true }),
  "range(10).shuffle(313264249).to_iter.batch(4)": () =>
    MapDataset.range(10).shuffle(SEED).toIterDataset().batch(4),
  "range(10)[1::3]": () => MapDataset.range(10).slice(1, null, 3),
  "range(10)[1::3].shuffle(313264249).repeat(2)": () =>
    MapDataset.range(10).slice(1, null, 3).shuffle(SEED).repeat(2),
  "range(10).shuffle(313264249)[2::2].repeat(2)": () =>
    MapDataset.range(10).shuffle(SEED).slice(2, null, 2).repeat(2),
  "range(10).filter(x%3==0) sparse map": () => MapDataset.range(10).filter(isThird),
  "range(10).to_iter.filter(x%3==0)": () => MapDataset.range(10).toIterDataset().filter(isThird),
  // The vector was made of whole windows: of the 10 elements that its text names, 8 are there.
  "WindowShuffleMap(range(10), 4, 441)": () =>
    new WindowShuffleMapDataset(MapDataset.range(8), { windowSize: 4, seed: SEED_2 }),
  "WindowShuffleIter(range(10), 4, 441)": () =>
    new WindowShuffleIterDataset(iterate(10), { windowSize: 4, seed: SEED_2 }),
  "MapDataset.mix([range(10), 100+range(6)], [0.329, 0.983])": () =>
    MapDataset.mix([range(10), range(6, 100)], [0.329, 0.983]),
  "IterDataset.mix([range(10), 100+range(6)], [0.329, 0.983])": () =>
    IterDataset.mix([iterate(10), iterate(6, 100)], [0.329, 0.983]),
  "IterDataset.mix no weights": () => IterDataset.mix([iterate(10), iterate(6, 100), iterate(6, 200)]),
  "concatenate(range(10), 100+range(4)).repeat(2)": () =>
    MapDataset.concatenate([range(10), range(4, 100)]).repeat(2),
  "Interleave([range(5), 100+range(3), 200+range(4)], cycle 2)": () =>
    new InterleaveIterDataset([iterate(5), iterate(3, 100), iterate(4, 200)], { cycleLength: 2 }),
  "RepeatIter(range(4), 3)": () => new RepeatIterDataset(iterate(4), { numEpochs: 3 }),
  "LimitIter(range(10).shuffle(313264249), 7)": () =>
    new LimitIterDataset(MapDataset.range(10).shuffle(SEED).toIterDataset(), { count: 7 }),
  "ZipIter(range(4), 10+range(4))": () => new ZipIterDataset([iterate(4), iterate(4, 10)]),
  "range(10).to_iter.map_with_index(i*100+x)": () =>
    MapDataset.range(10)
      .shuffle(SEED)
      .toIterDataset()
      .mapWithIndex((index, x) => index * 100 + x),
};

const iterations = cases.filter(({ class: name }) => name === "DatasetIterator");

describe("Grain's dataset iterators in the vectors", () => {
  it("are there", () => {
    expect(iterations.length).toBeGreaterThan(70);
  });

  it.each(iterations)(
    "$program, after $consumed elements",
    ({ program, consumed, first, state, next, ends }) => {
      const make = PROGRAMS[program];
      if (make === undefined) throw new Error(`no program ${program}`);
      const iterator = make()[Symbol.iterator]();
      expect(take(iterator, consumed)).toEqual(first);
      expect(iterator.getState()).toEqual(state);
      const restored = iterateFrom(make(), state);
      expect(take(restored, next.length)).toEqual(next);
      if (ends) expect(restored.next()).toEqual({ done: true, value: undefined });
    },
  );
});
