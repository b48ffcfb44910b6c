import { feistelPermutation, indexShuffle } from "../../src/random/index-shuffle.js";
import { requireSame } from "./same.js";
import { numberIn, numbersOf, type Vector } from "./vector-test.js";

/** `{n, seed, order}` or `{n, seed, at: [[index, shuffled]]}`; with `rounds`, `{max_index, seed, rounds, at}`. */
export function checkIndexShuffle(vector: Vector): void {
  const seed = numberIn(vector, "seed");
  const shuffled =
    vector.rounds === undefined
      ? (index: number) => indexShuffle(index, seed, numberIn(vector, "n"))
      : feistelPermutation(numberIn(vector, "max_index"), seed, numberIn(vector, "rounds"));
  if (vector.order !== undefined) {
    requireSame(
      numbersOf(vector.order).map((_, index) => shuffled(index)),
      vector.order,
      "order",
    );
  }
  if (Array.isArray(vector.at)) {
    const pairs = vector.at.map(numbersOf);
    requireSame(
      pairs.map(([index = -1]) => [index, shuffled(index)]),
      pairs,
      "at",
    );
  }
}
