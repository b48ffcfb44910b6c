import { readFileSync } from "node:fs";
import type { State } from "../../../src/datarax/checkpointable-iterator.js";
import { parseTaggedJson } from "../../../src/datarax/tagged-json.js";
import { isDict } from "../../../src/pytree/container.js";
import { toPlain } from "../../../src/pytree/plain.js";

const text = readFileSync(new URL("../../../docs/spec/vectors/samplers.json", import.meta.url), "utf8");

/** The cases of `docs/spec/vectors/samplers.json`, made by Datarax 0.1.4 (docs/spec/datarax.md section 9). */
export function samplerVectors<V extends { readonly class: string }>(): V[] {
  const { cases }: { cases: V[] } = JSON.parse(text);
  return cases;
}

/** A state of tagged JSON, every value with its type. */
export function stateOf(json: unknown): State {
  const state = parseTaggedJson(json);
  if (!isDict(state)) throw new Error("a state is a dict");
  return state;
}

/** The same as a restore gives it to an iterator. */
export function plainStateOf(json: unknown): State {
  const state = toPlain(stateOf(json));
  if (!isDict(state)) throw new Error("a state is a dict");
  return state;
}

/** A tagged state without what JavaScript does not carry: which library an array came from. */
export function withoutArrayKinds(json: unknown): State {
  return stateOf(JSON.parse(JSON.stringify(json).replaceAll('"kind":"jax"', '"kind":"numpy"')));
}

/** Up to `count` elements, and whether there were no more. */
export function take<T>(sampler: Iterator<T, undefined>, count: number): { next: T[]; ends: boolean } {
  const next: T[] = [];
  while (next.length < count) {
    const { done, value } = sampler.next();
    if (done === true) return { next, ends: true };
    next.push(value);
  }
  return { next, ends: false };
}
