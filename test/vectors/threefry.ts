import { bernoulli, bits, categorical, permutation, randint, uniform } from "../../src/random/jax-random.js";
import { foldIn, key, split } from "../../src/random/random-key.js";
import { createRngs, Rngs } from "../../src/random/rngs.js";
import type { RandomKey } from "../../src/random/threefry.js";
import { untyped } from "../datarax/recorder.js";
import { requireSame } from "./same.js";
import { isObject, listIn, numberIn, numbersOf, objectIn, type Vector } from "./vector-test.js";

/** Everything that a vector says of `jax.random.key(seed)`; `uniform_<a>_<b>`, `bits_<r>x<c>` and the like by name. */
export function checkRandom(vector: Vector): void {
  const root = key(untyped(vector.seed));
  for (const [field, expected] of Object.entries(vector)) {
    if (field === "seed") continue;
    requireSame(drawn(root, field, expected), expected, field);
  }
}

function drawn(root: RandomKey, field: string, expected: unknown): unknown {
  const length = Array.isArray(expected) ? expected.length : 0;
  const count = Number(/\d+$/.exec(field)?.[0]);
  if (field === "key") return root;
  if (field === "fold_in") return pairsOf(expected).map(([data]) => [data, foldIn(root, untyped(data))]);
  if (/^split\d+$/.test(field)) return split(root, count);
  if (field === "bits") return bits(root);
  if (/^bits\d+$/.test(field)) return bits(root, [count]);
  if (/^bits_\d+x\d+$/.test(field)) {
    const [rows = 0, columns = 0] = numbersIn(field);
    const words = Array.from(bits(root, [rows, columns]));
    return Array.from({ length: rows }, (_, row) => words.slice(row * columns, (row + 1) * columns));
  }
  if (field === "uniform") return uniform(root);
  if (/^uniform\d+$/.test(field)) return uniform(root, { shape: [count] });
  if (field.startsWith("uniform_")) {
    const [minval = 0, maxval = 1] = numbersIn(field);
    return uniform(root, { shape: [length], minval, maxval });
  }
  if (field === "randint") return objectsOf(expected).map((range) => integersOf(root, range));
  if (field === "permutation") {
    return objectsOf(expected).map(({ n }) => ({ n, order: permutation(root, untyped(n)) }));
  }
  if (field.startsWith("bernoulli_")) {
    const [p = 0, size = 0] = numbersIn(field);
    return Array.from(bernoulli(root, { p, shape: [size] }), Boolean);
  }
  throw new Error(`nothing draws ${field}`);
}

function integersOf(root: RandomKey, range: Vector) {
  const [minval, maxval] = [numberIn(range, "lo"), numberIn(range, "hi")];
  return {
    lo: minval,
    hi: maxval,
    scalar: randint(root, { minval, maxval }),
    five: randint(root, { shape: [5], minval, maxval }),
  };
}

/** Numbers in a field's name: `uniform_-2_3` has −2 and 3. */
function numbersIn(field: string): number[] {
  return (field.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number);
}

function pairsOf(value: unknown): unknown[][] {
  return Array.isArray(value) ? value.map((pair) => (Array.isArray(pair) ? pair : [])) : [];
}

function objectsOf(value: unknown): Vector[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** `{seed, n, first, last, fnv1a32_of_int32le}` of `jax.random.permutation(key(seed), n)`. */
export function checkLargePermutation(vector: Vector): void {
  const order = permutation(key(untyped(vector.seed)), numberIn(vector, "n"));
  const [first, last] = [listIn(vector, "first"), listIn(vector, "last")];
  requireSame(order.slice(0, first.length), first, "first");
  requireSame(order.slice(order.length - last.length), last, "last");
  requireSame(fnv1a32(new Uint8Array(order.buffer)), vector.fnv1a32_of_int32le, "hash of all");
}

function fnv1a32(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** `{rngs, order?, calls}`: the keys that calls of the streams in that order give; without order the default one. */
export function checkStreams(vector: Vector): void {
  const rngs = new Rngs(untyped(objectIn(vector, "rngs")));
  const calls = listIn(vector, "calls");
  const order = vector.order === undefined ? calls.map(() => "default") : listIn(vector, "order");
  requireSame(
    order.map((name) => rngs.next(String(name))),
    calls,
    "calls",
  );
}

/** `{create_rngs, keys}` of Datarax's `create_rngs(seed)`. */
export function checkCreateRngs(vector: Vector): void {
  const rngs = createRngs(untyped(vector.create_rngs));
  const keys = objectIn(vector, "keys");
  const found = Object.keys(keys).map((name) => [name, rngs.stream(name).key]);
  requireSame(Object.fromEntries(found), keys, "keys");
}

/** `{per_record_keys_base, indices, keys}`: the keys of records, by their indices. */
export function checkRecordKeys(vector: Vector): void {
  const [high = 0, low = 0] = numbersOf(vector.per_record_keys_base);
  const keys = numbersOf(vector.indices).map((index) => foldIn([high, low], index));
  requireSame(keys, vector.keys, "keys");
}

/** `{seed, log_weights_f32, categorical_of_split<n>}`: a draw with each of n keys. */
export function checkCategorical(vector: Vector): void {
  const [field, expected] =
    Object.entries(vector).find(([name]) => name.startsWith("categorical_of_split")) ?? [];
  const count = Number(/\d+$/.exec(field ?? "")?.[0]);
  const logits = Float32Array.from(numbersOf(vector.log_weights_f32));
  requireSame(
    split(key(untyped(vector.seed)), count).map((drawKey) => categorical(drawKey, logits)),
    expected,
    "draws",
  );
}
