import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { State } from "../../src/datarax/checkpointable-iterator.js";
import { IteratorCheckpoint } from "../../src/datarax/iterator-checkpoint.js";
import { OrbaxCheckpointHandler } from "../../src/datarax/orbax-checkpoint-handler.js";
import { readState } from "../../src/datarax/read-state.js";
import { parseTaggedJson } from "../../src/datarax/tagged-json.js";
import { isOrbaxError } from "../../src/errors.js";
import { dictOf, isDict } from "../../src/pytree/container.js";
import { float, type Tree } from "../../src/pytree/value.js";
import { ndarray } from "../../src/zarr/nd-array.js";
import { setUpDatarax } from "./datarax-setup.js";
import { makeSampler, PythonStream, type SamplerConfig } from "./datarax-stream.js";
import { OracleError } from "./oracle.js";

const live = setUpDatarax();

/** What came of an attempt: Python's class, text and cause of its error, or that there was none. */
type Verdict = {
  readonly type: string | undefined;
  readonly message: string;
  readonly cause: string | undefined;
};

const FINE = { type: undefined, message: "fine", cause: undefined };

async function verdictOf(attempt: Promise<unknown>): Promise<Verdict> {
  try {
    await attempt;
    return FINE;
  } catch (error) {
    if (error instanceof OracleError) {
      return { type: error.pythonType, message: error.message, cause: error.pythonCause };
    }
    if (!isOrbaxError(error)) throw error;
    const cause = error.cause instanceof Error ? error.cause.message : undefined;
    return { type: error.details.pythonType, message: error.message, cause };
  }
}

/** A stream that only has a state. */
class Holder implements Iterator<never, undefined> {
  #state: State;
  constructor(state: State) {
    this.#state = state;
  }
  next(): IteratorReturnResult<undefined> {
    return { done: true, value: undefined };
  }
  getState(): State {
    return this.#state;
  }
  setState(state: State): void {
    this.#state = state;
  }
}

function asState(tree: Tree): State {
  if (!isDict(tree)) throw new Error("no dict");
  return dictOf(Object.entries(tree));
}

/** Saves a state from JavaScript, and lets a fresh sampler of each language restore it. */
async function verdicts(sampler: SamplerConfig, state: State): Promise<{ ours: Verdict; python: Verdict }> {
  const base = live.newBase();
  const checkpoint = new IteratorCheckpoint(base, { exact: true }); // plain numbers have no dtype to refuse
  await checkpoint.saveToDirectory(new Holder(state), { step: 1 });
  const stream = await PythonStream.make(live.oracle, sampler);
  return {
    ours: await verdictOf(checkpoint.restore(makeSampler(sampler))),
    python: await verdictOf(stream.restore(base, {})),
  };
}

const samplers: SamplerConfig[] = [
  { class: "SequentialSamplerModule", config: { num_records: 10, num_epochs: 2 } },
  {
    class: "SequentialSamplerModule",
    config: { num_records: 10, num_epochs: 2, rngs: { default: 1, aug: 2 } },
  },
  { class: "ShuffleSampler", config: { dataset_size: 10, seed: 3 } },
  { class: "ShuffleSampler", config: { dataset_size: 10, seed: 3, rngs: 7 } },
  {
    class: "EpochAwareSamplerModule",
    config: { num_records: 10, num_epochs: 2, shuffle: true, seed: 3, rngs: 7 },
  },
];

describe.each(samplers)("a state of $class $config", (sampler) => {
  const whole = makeSampler(sampler).getState();
  const keys = Object.keys(whole);

  it("is taken as it is", async () => {
    const { ours, python } = await verdicts(sampler, whole);
    expect(python).toEqual(FINE);
    expect(ours).toEqual(FINE);
  });

  it.each(keys)("without %s has Python's verdict", async (key) => {
    const { [key]: _, ...rest } = whole;
    const { ours, python } = await verdicts(sampler, rest);
    expect(ours).toEqual(python);
  });

  it.each(keys)("with %s alone has Python's verdict", async (key) => {
    // None alone is an empty item.
    const { ours, python } = await verdicts(sampler, { [key]: whole[key] ?? null });
    expect(ours).toEqual(python);
  });

  const other: [string, State][] = [
    ["another key", { more: 1 }],
    ["two other keys", { more: 1, "more'": 2 }],
    ["_applied_count of int64", { _applied_count: ndarray("int64", [], BigInt64Array.of(1n)) }],
    ["_applied_count of another shape", { _applied_count: ndarray("int32", [1], Int32Array.of(1)) }],
    ["_applied_count of rank 2", { _skipped_count: ndarray("int32", [1, 2], Int32Array.of(1, 2)) }],
    ["_applied_count as an int", { _applied_count: 5 }],
    ["_applied_count as a float", { _applied_count: float(5) }],
    ["_computed_stats that are something", { _computed_stats: { mean: float(1) } }],
    ["a stream_name", { stream_name: "aug" }],
    ["other streams", { rngs: { other: { count: 1 } } }],
    ["one stream more", { rngs: { ...Object(whole.rngs), extra: { count: 1 } } }],
    ["rngs that are no dict", { rngs: 5 }],
  ];
  it.each(other)("with %s has Python's verdict", async (_, change) => {
    const { ours, python } = await verdicts(sampler, { ...whole, ...change });
    expect(ours).toEqual(python);
  });
});

describe("a ShuffleSampler", () => {
  it.each<State>([
    { sampler_state: { dataset_size: 20, seed: 5, position: 3 } },
    { sampler_state: { dataset_size: 20, seed: 5, position: 3, more: 1 } },
  ])("takes sampler_state alone, and goes on from it in both languages", async (state) => {
    const base = live.newBase();
    const sampler: SamplerConfig = { class: "ShuffleSampler", config: { dataset_size: 9, seed: 1 } };
    await new IteratorCheckpoint(base).saveToDirectory(new Holder(state), { step: 1 });
    const stream = await PythonStream.make(live.oracle, sampler);
    await stream.restore(base, {});
    const ours = await new IteratorCheckpoint(base).restore(makeSampler(sampler));
    const elements = Array.from({ length: 17 }, () => ours.next().value);
    expect(await stream.take(18)).toEqual(elements);
  });
});

describe("a base directory", () => {
  /** Makes a directory, and tells which step to restore. */
  const places: [string, (base: string) => Promise<unknown>, number | undefined][] = [
    ["that is missing", async () => undefined, undefined],
    ["that is missing, with a step", async () => undefined, 3],
    ["that is empty", (base) => mkdir(base), undefined],
    ["that is empty, with a step", (base) => mkdir(base), -3],
    ["with foreign directories", (base) => mkdir(join(base, "ckpt-x"), { recursive: true }), undefined],
    ["with an empty step", (base) => mkdir(join(base, "ckpt-9"), { recursive: true }), undefined],
    ["with an empty step under its bare name", (base) => mkdir(join(base, "9"), { recursive: true }), 9],
    [
      "with an empty unversioned checkpoint",
      (base) => mkdir(join(base, "checkpoint"), { recursive: true }),
      5,
    ],
    [
      "with an empty item default",
      (base) => mkdir(join(base, "3", "default"), { recursive: true }),
      undefined,
    ],
    ["with another spelling of a step", (base) => mkdir(join(base, "1_1"), { recursive: true }), 11],
    ["that is a file", (base) => writeFile(base, ""), 3],
    ["below a file", (base) => writeFile(`${base}-file`, ""), undefined],
    [
      "with a file in place of a step",
      async (base) => {
        await mkdir(base);
        await writeFile(join(base, "ckpt-3"), "");
      },
      3,
    ],
    [
      "with a file in place of an item",
      async (base) => {
        await mkdir(join(base, "3"), { recursive: true });
        await writeFile(join(base, "3", "default"), "");
      },
      undefined,
    ],
    [
      "with a link that leads nowhere",
      async (base) => {
        await mkdir(base);
        await symlink(join(base, "nowhere"), join(base, "ckpt-3"));
      },
      3,
    ],
  ];

  it.each(places)("%s has Python's verdict", async (name, make, step) => {
    const base = live.newBase();
    await make(base);
    const place = name === "below a file" ? join(`${base}-file`, "sub") : base;
    const python = await verdictOf(
      live.oracle.call("state_json", { base: place, ...(step === undefined ? {} : { step }) }),
    );
    expect(python).not.toEqual(FINE);
    expect(await verdictOf(readState(place, { step }))).toMatchObject({
      type: python.type,
      message: python.message,
    });
  });

  it("that is a file is refused like a directory that cannot be listed", async () => {
    const base = live.newBase();
    await writeFile(base, "");
    const python = await verdictOf(live.oracle.call("list_steps", { base }));
    expect(await verdictOf(new IteratorCheckpoint(base).getLatestStep())).toMatchObject({
      type: python.type,
    });
    expect(await verdictOf(readState(base))).toMatchObject({ type: python.type });
  });

  it.each<[string, Tree]>([
    ["a list", [1, 2]],
    ["a string", "text"],
    ["an array", ndarray("int8", [1], Int8Array.of(1))],
  ])("with %s instead of a dict has Python's verdict", async (_, state) => {
    const base = live.newBase();
    const handler = new OrbaxCheckpointHandler();
    await handler.saveToDirectory(base, state, { step: 1 });
    const stream = await PythonStream.make(live.oracle, { class: "user", config: { state: { n: 0 } } });
    const python = await verdictOf(stream.restore(base, {}));
    expect(python.message).toContain("did not contain a state dict");
    expect(await verdictOf(new IteratorCheckpoint(base).restore(new Holder({})))).toEqual(python);
  });
});

describe("the identity of an iterator", () => {
  const values = [
    "S(1)",
    "S('1')",
    "\"'\\\n\u00e9\u200b😀",
    1,
    true,
    null,
    { $float: "1.0" },
    { $float: "1e-07" },
    { $int: "18446744073709551615" },
    [1, "a", { $float: "2.0" }],
    { a: 1, b: { c: "x" } },
    { $map: [[7, "x"]] },
  ];
  const arrays = [
    { $array: { kind: "numpy", dtype: "int64", shape: [], data: [1] } },
    { $array: { kind: "numpy", dtype: "float32", shape: [], data: [0.5] } },
    { $array: { kind: "numpy", dtype: "bool", shape: [1], data: [true] } },
    { $array: { kind: "numpy", dtype: "int8", shape: [2], data: [1, 2] } },
  ];
  // NumPy compares elementwise with lists, and raises OverflowError for an int beyond its own.
  const single = values.filter((value) => !Array.isArray(value) && Object(value).$int === undefined);
  const comparable = (value: unknown) => [...single, value];
  const comparisons = [
    ...values.map((value): [unknown, unknown[]] => [value, values]),
    ...arrays.map((value): [unknown, unknown[]] => [value, comparable(value)]),
  ];
  const fields = ["sampler_repr", "data_source_repr", "shard_count", "worker_count"] as const;

  it.each(comparisons)("%j is compared and printed as in Python", async (value, others) => {
    const base = live.newBase();
    const saved = { n: 1, ...Object.fromEntries(fields.map((field) => [field, value])) };
    const made = await PythonStream.make(live.oracle, { class: "user", config: { state: saved } });
    await made.save(base, { step: 1 });
    for (const other of others) {
      const current = { n: 0, sampler_repr: other, worker_count: other, shard_index: 9 };
      const stream = await PythonStream.make(live.oracle, { class: "user", config: { state: current } });
      const ours = new Holder(asState(parseTaggedJson(current)));
      const python = await verdictOf(stream.restore(base, {}));
      expect(await verdictOf(new IteratorCheckpoint(base).restore(ours)), JSON.stringify(other)).toEqual(
        python,
      );
    }
  });
});
