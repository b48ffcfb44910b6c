import { randomStateOrder } from "../../src/random/mt19937.js";
import { SeedSequence } from "../../src/random/seed-sequence.js";
import { untyped } from "../datarax/recorder.js";
import { requireSame } from "./same.js";
import { numberIn, textIn, type Vector } from "./vector-test.js";

/** `{op, …}`: what a NumPy expression gives. */
export function checkNumpy(vector: Vector): void {
  const operation = textIn(vector, "op");
  if (operation.startsWith("RandomState(seed).shuffle")) {
    requireSame(randomStateOrder(untyped(vector.seed), numberIn(vector, "n")), vector.order, "order");
  } else if (operation.startsWith("SeedSequence(entropy).generate_state")) {
    const [word] = new SeedSequence(untyped(vector.entropy)).generateState(1);
    requireSame(word, vector.state, "state");
  } else throw new Error(`nothing computes ${operation}`);
}
