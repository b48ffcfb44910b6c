import { InterleaveIterDataset } from "../../src/grain/iter/interleave.js";
import { LimitIterDataset } from "../../src/grain/iter/limit.js";
import { RepeatIterDataset } from "../../src/grain/iter/repeat.js";
import { WindowShuffleIterDataset } from "../../src/grain/iter/window-shuffle.js";
import { ZipIterDataset } from "../../src/grain/iter/zip.js";
import { IterDataset } from "../../src/grain/iter-dataset.js";
import { WindowShuffleMapDataset } from "../../src/grain/map/window-shuffle.js";
import { MapDataset } from "../../src/grain/map-dataset.js";
import { untyped } from "../datarax/recorder.js";
import { evaluateExpression } from "./python/evaluate.js";
import { Namespace, PyFunction } from "./python/values.js";
import { checkStream, type VectorStream, vectorStream } from "./stream.js";
import { listIn, numberIn, numbersOf, textIn, type Vector } from "./vector-test.js";

/** `{program, consumed, first, state, next, ends}`: an iterator over the dataset that a short program makes. */
export function checkGrainProgram(vector: Vector): void {
  checkStream(() => streamOf(vector), vector, { restored: "state" });
}

function streamOf(vector: Vector): VectorStream {
  const program = textIn(vector, "program");
  const dataset = program.includes("no weights")
    ? IterDataset.mix(unweightedParents(vector))
    : evaluateExpression(spelledOut(program, vector), NAMES);
  if (dataset instanceof MapDataset || dataset instanceof IterDataset) {
    return vectorStream(dataset[Symbol.iterator]());
  }
  throw new TypeError(`no dataset: ${program}`);
}

/** The shorthand of programs as Python's expressions. */
function spelledOut(program: string, vector: Vector): string {
  const { seed } = vector;
  return (
    program
      // Only whole windows were shuffled: of the others Grain takes elements behind the end.
      .replace(/^WindowShuffleMap\((range\(\d+\)), (\d+),/, (_, parent, windowSize) => {
        return `WindowShuffleMap(${parent}[:${wholeWindows(vector, Number(windowSize))}], ${windowSize},`;
      })
      // The elements of this one are shuffled, which its text leaves out.
      .replace(/^(range\(\d+\))(?=\.to_iter\.map_with_index)/, `$1.shuffle(${String(seed)})`)
      .replace(/ sparse map$/, "")
      .replaceAll(/\.to_iter\b/g, ".to_iter_dataset()")
      .replaceAll(/(\d+)\s*\+\s*range\((\d+)\)/g, "range($2).map(lambda x: x + $1)")
      .replaceAll(/\.map\(\s*([-+*/][^()]*)\)/g, ".map(lambda x: x $1)")
      .replaceAll(/\.filter\((?!lambda)([^()]*)\)/g, ".filter(lambda x: $1)")
      .replaceAll(/\.map_with_index\((?!lambda)([^()]*)\)/g, ".map_with_index(lambda i, x: $1)")
      .replaceAll(/, (cycle|weights) (?=\S)/g, ", ")
  );
}

/** How many elements the whole windows have: all that a vector shows, if it shows the end. */
function wholeWindows(vector: Vector, windowSize: number): number {
  if (vector.ends === true) return listIn(vector, "first").length + listIn(vector, "next").length;
  const n = numberIn(vector, "n");
  return n - (n % windowSize);
}

/**
 * The parents of "mix no weights", which the program does not spell: number i holds 100·i, 100·i + 1, …. How long the
 * one is that ends the mix is to be seen in the elements.
 */
function unweightedParents(vector: Vector): IterDataset<number>[] {
  const elements = numbersOf([...listIn(vector, "first"), ...listIn(vector, "next")]);
  const count = new Set(elements.map((element) => Math.floor(element / 100))).size;
  const ending = vector.ends === true ? elements.length % count : -1;
  return Array.from({ length: count }, (_, parent) => {
    const length = parent === ending ? Math.floor(elements.length / count) : 100;
    return iterOf(MapDataset.range(100 * parent, 100 * parent + length));
  });
}

const iterOf = (dataset: unknown): IterDataset<number> =>
  dataset instanceof MapDataset ? dataset.toIterDataset() : untyped(dataset);
const mapOf = (dataset: unknown): MapDataset<number> => untyped(dataset);
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

const called = (name: string, make: (...args: unknown[]) => unknown): [string, PyFunction] => [
  name,
  new PyFunction(name, (args) => make(...args)),
];

/** What programs call; iterators over map datasets are made where an iter dataset is wanted. */
const NAMES: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  called("range", (start, stop, step) => MapDataset.range(untyped(start), untyped(stop), untyped(step))),
  called("concatenate", (...datasets) => MapDataset.concatenate(datasets.flatMap(listOf).map(mapOf))),
  [
    "MapDataset",
    new Namespace("MapDataset", [
      called("mix", (datasets, weights) => MapDataset.mix(listOf(datasets).map(mapOf), untyped(weights))),
      called("range", (start, stop, step) => MapDataset.range(untyped(start), untyped(stop), untyped(step))),
    ]),
  ],
  [
    "IterDataset",
    new Namespace("IterDataset", [
      called("mix", (datasets, weights) => IterDataset.mix(listOf(datasets).map(iterOf), untyped(weights))),
    ]),
  ],
  called("WindowShuffleMap", (parent, windowSize, seed) => {
    return new WindowShuffleMapDataset(mapOf(parent), untyped({ windowSize, seed }));
  }),
  called("WindowShuffleIter", (parent, windowSize, seed) => {
    return new WindowShuffleIterDataset(iterOf(parent), untyped({ windowSize, seed }));
  }),
  called("RepeatIter", (parent, numEpochs) => new RepeatIterDataset(iterOf(parent), untyped({ numEpochs }))),
  called("LimitIter", (parent, count) => new LimitIterDataset(iterOf(parent), untyped({ count }))),
  called("ZipIter", (...parents) => new ZipIterDataset(parents.flatMap(listOf).map(iterOf))),
  called("Interleave", (datasets, cycleLength) => {
    return new InterleaveIterDataset(listOf(datasets).map(iterOf), untyped({ cycleLength }));
  }),
]);
