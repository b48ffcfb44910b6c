import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { State } from "../../src/datarax/checkpointable-iterator.js";
import { validateRestoreCompatibility } from "../../src/datarax/restore-compatibility.js";
import { parseTaggedJson } from "../../src/datarax/tagged-json.js";
import { isDict } from "../../src/pytree/container.js";
import { arrayOfElements } from "../../src/pytree/element.js";
import { complex, float, int, prngKey, scalar, type Tree, tuple } from "../../src/pytree/value.js";
import { ndarray } from "../../src/zarr/nd-array.js";

type Step = {
  op: { op: string; state?: unknown; current?: unknown };
  error?: { type: string; message: string };
};

// Made by Datarax 0.1.4 (docs/spec/datarax.md section 9): the case that restores into iterators of other identity.
const behaviour: { cases: { steps: Step[] }[] } = JSON.parse(
  readFileSync(new URL("../../docs/spec/vectors/behaviour.json", import.meta.url), "utf8"),
);
const steps =
  behaviour.cases.map((script) => script.steps).find((all) => all.some(({ op }) => "current" in op)) ?? [];
const restores = steps.filter(({ op }) => op.op === "restore" && "current" in op);

function stateOf(json: unknown): State {
  const state = parseTaggedJson(json);
  if (!isDict(state)) throw new Error("a state is a dict");
  return state;
}

const saved = stateOf(steps.find(({ op }) => op.op === "save")?.op.state);

describe("validateRestoreCompatibility", () => {
  it("is held to Python's restores, some of which fail", () => {
    expect(restores.length).toBeGreaterThan(5);
    expect(restores.filter(({ error }) => error === undefined).length).toBeGreaterThan(1);
  });

  it.each(restores)("treats $op.current as Python does", ({ op, error }) => {
    const validate = () => validateRestoreCompatibility(stateOf(op.current), saved);
    if (error === undefined) expect(validate).not.toThrow();
    else {
      expect(validate).toThrow(
        expect.objectContaining({
          code: "CONFLICT",
          message: error.message,
          details: expect.objectContaining({ pythonType: error.type }),
        }),
      );
    }
  });

  it("compares no field that only one of the two states has", () => {
    expect(() => validateRestoreCompatibility({ shard_count: 2 }, { worker_count: 3 })).not.toThrow();
  });

  it("compares a field that is None", () => {
    expect(() => validateRestoreCompatibility({ shard_count: null }, { shard_count: 3 })).toThrow(
      "shard_count: checkpoint=3 but current=None",
    );
  });
});

const float32 = ndarray("float32", [], Float32Array.of(0.1));
const pair = ndarray("int32", [2], Int32Array.of(1, 2));

/** Whether Python's `current != saved` is false; run with CPython 3.11, NumPy 2.3.5, JAX 0.10.2. */
const equalities: [string, Tree, Tree, boolean][] = [
  ["2 and 2.0", 2, float(2), true],
  ["2 and array(2)", 2, ndarray("int64", [], BigInt64Array.of(2n)), true],
  ["array(2) and 2.0", ndarray("int64", [], BigInt64Array.of(2n)), float(2), true],
  ["0 and False", 0, scalar("bool", false), true],
  ["True and array(1)", true, ndarray("uint8", [], Uint8Array.of(1)), true],
  ["array(2) and True", ndarray("int64", [], BigInt64Array.of(2n)), true, false],
  ["[array(2)] and [2.0]", [ndarray("int64", [], BigInt64Array.of(2n))], [float(2)], true],
  ["array([2]) and 2", ndarray("int64", [1], BigInt64Array.of(2n)), 2, true],
  ["array(2) and [2]", ndarray("int64", [], BigInt64Array.of(2n)), [2], true],
  ["a bare typed array of one and 2", Int32Array.of(2), 2, true],
  ["2^53 + 1 and 2.0^53", 2n ** 53n + 1n, float(2 ** 53), false],
  ["2^53 and 2.0^53", 2n ** 53n, float(2 ** 53), true],
  ["a large int and a fraction", 2n ** 64n, 0.5, false],
  ["a large int and infinity", 2n ** 64n, Number.POSITIVE_INFINITY, false],
  ["float32 0.1 and 0.1", float32, 0.1, true],
  ["float32 0.1 and float64 array 0.1", float32, ndarray("float64", [], Float64Array.of(0.1)), false],
  ["float16 0.1 and 0.1", ndarray("float16", [], Uint16Array.of(0x2e66)), 0.1, true],
  ["nan and nan", Number.NaN, float(Number.NaN), false],
  ["1 and 1+0j", 1, complex(1, 0), true],
  ["1 and 1+1j", 1, complex(1, 1), false],
  ["'2' and 2", "2", 2, false],
  ["'a' and 'a'", "a", "a", true],
  ["None and 0", null, 0, false],
  ["None and None", null, null, true],
  ["array(2) and None", ndarray("int64", [], BigInt64Array.of(2n)), null, false],
  ["array(2) and 'a'", ndarray("int64", [], BigInt64Array.of(2n)), "a", false],
  ["lists of other lengths", [1, 2], [1], false],
  ["nested lists", [1, [2, "x"]], [int(1), [float(2), "x"]], true],
  ["a list and a tuple", [1], tuple([1]), false],
  ["tuples", tuple([1, tuple([])]), tuple([float(1), tuple([])]), true],
  ["dicts", { a: 1, b: [null] }, { b: [null], a: float(1) }, true],
  ["dicts of other keys", { a: 1 }, { b: 1 }, false],
  ["dicts of more keys", { a: 1, b: 2 }, { a: 1 }, false],
  ["a dict and a Map of the same keys", { 3: "x" }, new Map([[3, "x"]]), true],
  ["a dict and a list", {}, [], false],
  ["keys", prngKey([], Uint32Array.of(0, 1)), prngKey([], Uint32Array.of(0, 1)), true],
  ["other keys", prngKey([], Uint32Array.of(0, 1)), prngKey([], Uint32Array.of(0, 2)), false],
  ["jax.Array 2 and 2.0", arrayOfElements("int32", [], [2], "{}") ?? null, float(2), true],
];

describe("identity fields", () => {
  it.each(equalities)("of %s are compared as in Python", (_, current, savedValue, equal) => {
    for (const [a, b] of [
      [current, savedValue],
      [savedValue, current],
    ]) {
      const validate = () =>
        validateRestoreCompatibility({ worker_count: a ?? null }, { worker_count: b ?? null });
      if (equal) expect(validate).not.toThrow();
      else expect(validate).toThrow(expect.objectContaining({ code: "CONFLICT" }));
    }
  });

  it("may be () in the checkpoint and an empty array here, which is what plain JavaScript has for it", () => {
    expect(() => validateRestoreCompatibility({ shard_count: [] }, { shard_count: tuple([]) })).not.toThrow();
  });

  it.each([
    ["an equal array", pair],
    ["a number", 3],
    ["a string", "x"],
  ])("that are an array of several elements cannot be compared with %s", (_, other) => {
    expect(() => validateRestoreCompatibility({ shard_count: pair }, { shard_count: other })).toThrow(
      expect.objectContaining({
        code: "CONFLICT",
        message:
          "The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()",
        details: expect.objectContaining({ pythonType: "ValueError" }),
      }),
    );
  });

  it("are shown as Python's repr, all in one message and in Datarax's order", () => {
    const current = { worker_count: 3, shard_count: 4, data_source_repr: "it's", sampler_repr: null };
    const checkpoint = {
      sampler_repr: "S",
      data_source_repr: float(2),
      shard_count: ndarray("int64", [], BigInt64Array.of(2n)),
      worker_count: [scalar("bool", true)],
    };
    expect(() => validateRestoreCompatibility(current, checkpoint)).toThrow(
      "(sampler_repr: checkpoint='S' but current=None; data_source_repr: checkpoint=2.0 but current=\"it's\"; " +
        "shard_count: checkpoint=array(2) but current=4; worker_count: checkpoint=[True] but current=3). Restoring",
    );
  });
});
