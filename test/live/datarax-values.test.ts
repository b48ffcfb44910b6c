import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { State } from "../../src/datarax/checkpointable-iterator.js";
import { IteratorCheckpoint } from "../../src/datarax/iterator-checkpoint.js";
import { readState } from "../../src/datarax/read-state.js";
import { parseTaggedJson } from "../../src/datarax/tagged-json.js";
import { isDict } from "../../src/pytree/container.js";
import { take } from "../elements.js";
import { setUpDatarax } from "./datarax-setup.js";
import { PythonStream } from "./datarax-stream.js";
import { neutralJson, neutralState } from "./neutral-json.js";
import { runsOf, seed, timeoutOf } from "./random-runs.js";
import { userStates } from "./tagged-states.js";

const runs = runsOf({ ci: 20, long: 1000 });

const live = setUpDatarax();

/** A user's iterator in JavaScript: keeps the state that it got, and counts in its `n`. */
class UserIterator implements Iterator<number, undefined> {
  #state: State;
  constructor(state: State) {
    this.#state = state;
  }
  next(): IteratorResult<number, undefined> {
    const n = Number(this.#state.n) + 1;
    this.#state = { ...this.#state, n };
    return { done: false, value: n };
  }
  getState(): State {
    return this.#state;
  }
  setState(state: State): void {
    this.#state = state;
  }
}

/** Asserts that both languages see the same in a base directory; gives the state without its count. */
async function sameView(base: string, step?: number): Promise<unknown> {
  const saved = await readState(base, { step });
  const python: object = Object(
    await live.oracle.call("state_json", { base, ...(step === undefined ? {} : { step }) }),
  );
  const ours = {
    step: step ?? null,
    state: neutralState(saved.state),
    metadata: neutralState(saved.metadata),
  };
  expect(ours).toEqual(neutralJson(python));
  return withoutCount(neutralState(saved.state, { kinds: false }));
}

function withoutCount(state: unknown): unknown {
  return Object.fromEntries(Object.entries(Object(state)).filter(([key]) => key !== "n"));
}

function asState(tagged: unknown): State {
  const state = parseTaggedJson(tagged);
  if (!isDict(state)) throw new Error("no dict");
  return state;
}

const PYTHON = "user";

/** Python saves a state; both languages go on from each other twice, and the state stays what it was. */
async function expectSameThroughout(state: Readonly<Record<string, unknown>>): Promise<void> {
  const base = live.newBase();
  const user = { class: PYTHON, config: { state } };
  const first = await PythonStream.make(live.oracle, user);
  const elements = await first.take(2);
  await first.save(base, { step: 2, metadata: state });
  const truth = await sameView(base, 2);

  const ours = new UserIterator({ n: 0 });
  const checkpoint = new IteratorCheckpoint(base, { asyncCheckpointing: true });
  await checkpoint.restore(ours);
  elements.push(...take(ours, 2));
  await checkpoint.saveToDirectory(ours, { step: 4, keep: 2 });
  await checkpoint.handler.close();
  expect(await sameView(base, 4)).toEqual(truth);

  const second = await PythonStream.make(live.oracle, { class: PYTHON, config: { state: { n: 0 } } });
  const received = await second.restore(base, { latest: true });
  expect(withoutCount(neutralJson(received, { kinds: false }))).toEqual(truth);
  elements.push(...(await second.take(2)));
  await second.save(base, { step: 6 });
  expect(await sameView(base, 6)).toEqual(truth);

  const whole = await PythonStream.make(live.oracle, user);
  expect(elements).toEqual(await whole.take(6));
}

/** A state that Node saves is to Python what it is when Python saves it. */
async function expectSameFromBoth(state: Readonly<Record<string, unknown>>): Promise<void> {
  const [fromPython, fromNode] = [live.newBase(), live.newBase()];
  const stream = await PythonStream.make(live.oracle, { class: PYTHON, config: { state } });
  await stream.save(fromPython, {});
  const checkpoint = new IteratorCheckpoint(fromNode);
  await checkpoint.saveToDirectory(new UserIterator(asState(state)), { metadata: asState(state) });
  expect(await sameView(fromNode)).toEqual(await sameView(fromPython));
}

/** Every row of the table in docs/spec/datarax.md section 3 that can be saved. */
const everyValue: Readonly<Record<string, unknown>> = {
  n: 0,
  ints: [0, -1, 9007199254740991, { $int: "9007199254740993" }, { $int: "-9223372036854775808" }],
  unsigned: { $int: "18446744073709551615" },
  booleans: [true, false],
  floats: ["nan", "inf", "-inf", "1e+300", "2.0", "-0.0", "5e-324"].map(($float) => ({ $float })),
  none: null,
  strings: ["", "text", "café 😀", "\0", "a\ud800b"],
  lists: [[], [[]], [1, ["a", null, [{ $float: "2.5" }]]]],
  records: [{ id: 1, "7": "stays a string" }, { empty: {} }],
  tuples: [{ $tuple: [] }, { $tuple: [1, "b"] }],
  emptyTuple: { $tuple: [] },
  emptyDict: {},
  deep: { a: { b: { c: "d" } }, gone: { e: {} } },
  intKeys: {
    $map: [
      [0, "zero"],
      [7, { $map: [[-3, 1]] }],
    ],
  },
  digitKeys: { "0": 1, "01": 2, "-3": 3, " 5 ": 4, "1_0": 5, "٣": 6 },
  names: { "x.y": 1, "a/b": 2, "": 3, é: 4, "a b": 5, "a%b": 6, "a?b": 7, "a#b": 8 },
  numpy: [
    "bool",
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "float16",
    "bfloat16",
    "float32",
  ].map((dtype) => ({
    $array: { kind: "numpy", dtype, shape: [2, 1], data: dtype === "bool" ? [true, false] : [1, 2] },
  })),
  wide: ["int64", "uint64", "float64"].map((dtype) => ({
    $array: { kind: "numpy", dtype, shape: [1], data: ["9007199254740992"] },
  })),
  complex: { $array: { kind: "numpy", dtype: "complex64", shape: [1], data: [[1, -0.5]] } },
  numpyScalars: ["bool", "int64", "float32"].map((dtype) => ({
    $array: { kind: "np_scalar", dtype, shape: [], data: [dtype === "bool" ? true : 1] },
  })),
  jax: ["int32", "float32", "bfloat16", "uint32"].map((dtype) => ({
    $array: { kind: "jax", dtype, shape: [2], data: [1, 2] },
  })),
  jaxScalar: { $array: { kind: "jax", dtype: "int32", shape: [], data: [3] } },
  key: { $key: { shape: [], data: [0, 42] } },
  keys: { $key: { shape: [2, 1], data: [1, 2, 3, 4294967295] } },
};

describe("a user's state", () => {
  it("with every value that there is goes on between the languages", async () => {
    await expectSameThroughout(everyValue);
  });

  it("with every value that there is is the same from both languages", async () => {
    await expectSameFromBoth(everyValue);
  });

  it(
    `of ${runs} random ones goes on between the languages, seed ${seed}`,
    async () => {
      const property = fc.asyncProperty(userStates, expectSameThroughout);
      await fc.assert(property, { seed, numRuns: runs, endOnFailure: true });
    },
    timeoutOf(runs, 1000),
  );

  it(
    `of ${runs} random ones is the same from both languages, seed ${seed}`,
    async () => {
      const property = fc.asyncProperty(userStates, expectSameFromBoth);
      await fc.assert(property, { seed, numRuns: runs, endOnFailure: true });
    },
    timeoutOf(runs, 1000),
  );
});
