import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { OrbaxCheckpointHandler } from "../../src/datarax/orbax-checkpoint-handler.js";
import { OrbaxError } from "../../src/errors.js";
import { complex, float, int, placeholder, prngKey, scalar, tuple } from "../../src/pytree/value.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { NdArray, ndarray } from "../../src/zarr/nd-array.js";
import { GatedStorage } from "./gated-storage.js";
import { AsyncRecorder, Recorder, untyped } from "./recorder.js";

const handler = new OrbaxCheckpointHandler();
let base: MemoryStorage;
beforeEach(() => {
  base = new MemoryStorage().within("/base");
});

/** Names in the base directory, sorted; `null` if it is missing. */
async function names(): Promise<string[] | null> {
  return (await base.list("/"))?.map(({ name }) => name).sort() ?? null;
}

async function saveSteps(steps: readonly number[], keep: number | null = null): Promise<void> {
  for (const step of steps) await handler.saveToDirectory(base, { p: step }, { step, keep });
}

describe("OrbaxCheckpointHandler.saveToDirectory", () => {
  it.each([
    [7, "ckpt-7"],
    [0, "ckpt-0"],
    [-5, "ckpt--5"],
    [Number.MAX_SAFE_INTEGER, "ckpt-9007199254740991"],
    [undefined, "checkpoint"],
    [null, "checkpoint"],
  ])("writes step %s as %s and gives that path", async (step, name) => {
    expect(await handler.saveToDirectory(base, { p: 1 }, { step })).toBe(`memory/base/${name}`);
    expect(await names()).toEqual([name]);
    expect(await handler.restore(base, { step })).toEqual({ p: 1 });
  });

  it("keeps one step where nothing else is said", async () => {
    await handler.saveToDirectory(base, { p: 1 }, { step: 1 });
    await handler.saveToDirectory(base, { p: 2 }, { step: 2, keep: undefined });
    expect(await names()).toEqual(["ckpt-2"]);
  });

  it.each([0, -1, null])("keeps all steps with keep %s", async (keep) => {
    await saveSteps([1, 2, 3], keep);
    expect(await names()).toEqual(["ckpt-1", "ckpt-2", "ckpt-3"]);
  });

  it("keeps the largest numbers, which need not be the newest", async () => {
    await saveSteps([9, 10, 100, -1]);
    const path = await handler.saveToDirectory(base, { p: 1 }, { step: 1, keep: 2 });
    expect(path).toBe("memory/base/ckpt-1"); // although it is gone again
    expect(await names()).toEqual(["ckpt--1", "ckpt-10", "ckpt-100"]); // negative steps are none to Datarax
  });

  it("prunes both names that a step may have, and no other", async () => {
    const kept = ["ckpt-003", "ckpt-4-x", "foo", "checkpoint", "ckpt-1.orbax-checkpoint-tmp"];
    for (const name of ["ckpt-2", "2", "3", "ckpt-3", ...kept]) await base.makeDirectory(`/${name}`);
    await handler.saveToDirectory(base, { p: 9 }, { step: 9, keep: 1 });
    expect(await names()).toEqual([...kept, "ckpt-9"].sort());
  });

  it("does not prune a file that has the name of a step", async () => {
    await base.makeDirectory("/ckpt-3");
    await base.set("/3", Uint8Array.of(1));
    await handler.saveToDirectory(base, { p: 9 }, { step: 9 });
    expect(await names()).toEqual(["3", "ckpt-9"]);
  });

  it("prunes nothing after a save without a step", async () => {
    await saveSteps([1, 2]);
    await handler.saveToDirectory(base, { p: 3 }, { keep: 1 });
    expect(await names()).toEqual(["checkpoint", "ckpt-1", "ckpt-2"]);
  });

  it("has saved also where an old step cannot be removed", async () => {
    const storage = new GatedStorage();
    await handler.saveToDirectory(storage, { p: 1 }, { step: 1 });
    storage.fail(new OrbaxError("IO", "no"), (operation, key) => operation === "rename" && key === "/ckpt-1");
    expect(await handler.saveToDirectory(storage, { p: 2 }, { step: 2 })).toBe("memory/ckpt-2");
    expect(await storage.names()).toEqual(["ckpt-1", "ckpt-2"]);
  });

  it.each([5, undefined])("refuses a destination that is there, step %s", async (step) => {
    await saveSteps([1, 5]);
    await handler.saveToDirectory(base, { p: 0 });
    const name = step === undefined ? "checkpoint" : "ckpt-5";
    await expect(handler.saveToDirectory(base, { p: 9 }, { step, keep: 1 })).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
      message: `Destination memory/base/${name} already exists.`,
      details: { pythonType: "ValueError" },
    });
    expect(await names()).toEqual(["checkpoint", "ckpt-1", "ckpt-5"]);
    expect(await handler.restore(base, { step: 5 })).toEqual({ p: 5 });
  });

  it("takes an empty directory for a checkpoint that is there", async () => {
    await base.makeDirectory("/ckpt-5");
    const saved = handler.saveToDirectory(base, { p: 1 }, { step: 5 });
    await expect(saved).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
  });

  it.each([5, undefined])("replaces with overwrite, step %s", async (step) => {
    await handler.saveToDirectory(base, { old: 1, both: 1 }, { step });
    await handler.saveToDirectory(base, { both: 2 }, { step, overwrite: true });
    expect(await handler.restore(base, { step })).toEqual({ both: 2 });
  });

  it("removes what an interrupted save of the same step left, and nobody else's", async () => {
    await base.set("/ckpt-2.orbax-checkpoint-tmp/_METADATA", Uint8Array.of(1));
    await base.makeDirectory("/ckpt-3.orbax-checkpoint-tmp");
    await handler.saveToDirectory(base, { p: 2 }, { step: 2 });
    expect(await names()).toEqual(["ckpt-2", "ckpt-3.orbax-checkpoint-tmp"]);
  });

  const jaxArray = new NdArray("int32", [1], Int32Array.of(1), "{}");
  it.each([
    ["a list", [1, "a", null], [1, "a", null]],
    ["a string", "café 😀", "café 😀"],
    ["an empty string", "", ""],
    ["a tuple", tuple([1, 2]), [1, 2]],
    [
      "a NumPy array",
      ndarray("int16", [2], Int16Array.of(1, -2)),
      ndarray("int16", [2], Int16Array.of(1, -2)),
    ],
    ["a typed array", Uint8Array.of(3), ndarray("uint8", [1], Uint8Array.of(3))],
    ["a random key", prngKey([], Uint32Array.of(0, 7)), prngKey([], Uint32Array.of(0, 7))],
    ["a Map", new Map([["a", 1]]), { a: 1 }],
    ["a Map with int keys", new Map([[3, 1]]), { 3: 1 }],
  ])("saves %s as it is", async (_, target, restored) => {
    await handler.saveToDirectory(base, target, { step: 1 });
    expect(await handler.restore(base)).toEqual(restored);
    expect(await handler.restore(base, { metadataOnly: true })).toBeNull();
  });

  it.each([
    ["a number", 5],
    ["a bigint", 5n],
    ["a boolean", true],
    ["a float", float(2)],
    ["a jax.Array", jaxArray],
    ["null", null],
    ["undefined", undefined],
    ["a function", () => 1],
    ["a symbol", Symbol("s")],
    ["an empty dict", {}],
    ["an empty Map", new Map()],
    ["an empty list", []],
    ["an empty tuple", tuple([])],
    ["a complex number", { v: complex(1, 2) }],
    ["undefined in a dict", { v: undefined }],
    ["a function in a dict", { v: () => 1 }],
    ["a Date", { v: new Date(0) }],
    ["a Set", { v: new Set([1]) }],
    ["an int beyond 64 bits", { v: 2n ** 64n }],
    ["an array without elements", { v: ndarray("int8", [0], new Int8Array(0)) }],
    ["two keys of one Python int", { v: { "1": 1, "01": 2 } }],
    [
      "int and string keys",
      {
        v: new Map<string | number, number>([
          [1, 1],
          ["a", 2],
        ]),
      },
    ],
    ["two leaves of one name", { "a.b": 1, a: { b: 2 } }],
    ["a key that is no Unicode", { "\ud800": 1 }],
  ])("refuses %s before anything is written", async (_, target) => {
    const saved = handler.saveToDirectory(base, target, { step: 1 });
    await expect(saved).rejects.toMatchObject({ name: "OrbaxError", code: "INVALID_ARGUMENT" });
    expect(await names()).toBeNull();
  });

  it.each([
    ["a number", 5, /^StandardCheckpointHandler \/ StandardSave does not support single arrays or scalars\./],
    ["nothing", null, /^Must provide item to save\.$/],
    ["an empty dict", {}, /^Found empty item\.$/],
    ["a set", { v: new Set() }, /^Unsupported type: <class 'set'> for key: \('v',\)\.$/],
  ])("says of %s what Python says", async (_, target, message) => {
    await expect(handler.saveToDirectory(base, target)).rejects.toMatchObject({
      message: expect.stringMatching(message),
      details: { pythonType: "ValueError" },
    });
  });

  it("refuses a tree that contains itself", async () => {
    const cyclic: { self?: unknown } = {};
    cyclic.self = [cyclic];
    await expect(handler.saveToDirectory(base, cyclic)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it.each([1.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, "3", 3n, true])(
    "refuses %s as a step and as keep before anything is written",
    async (number) => {
      const refusal = {
        code: "INVALID_ARGUMENT",
        message: expect.stringMatching(/(step|keep) must be a safe/),
      };
      const asStep = handler.saveToDirectory(base, { p: 1 }, { step: untyped(number) });
      await expect(asStep).rejects.toMatchObject(refusal);
      const asKeep = handler.saveToDirectory(base, { p: 1 }, { step: 1, keep: untyped(number) });
      await expect(asKeep).rejects.toMatchObject(refusal);
      expect(await names()).toBeNull();
    },
  );

  it("asks a target that has getState and setState for its state", async () => {
    await handler.saveToDirectory(base, new Recorder({ p: 3 }), { step: 1 });
    await handler.saveToDirectory(base, new AsyncRecorder({ p: 4 }), { step: 2, keep: 2 });
    expect(await handler.restore(base, { step: 1 })).toEqual({ p: 3 });
    expect(await handler.restore(base, { step: 2 })).toEqual({ p: 4 });
  });

  it("refuses a target that has only one of them", async () => {
    const saved = handler.saveToDirectory(base, { getState: () => ({ p: 3 }) });
    await expect(saved).rejects.toMatchObject({ message: expect.stringContaining("'getState'") });
  });

  it("throws what getState throws", async () => {
    const error = new Error("not now");
    const target = new Recorder();
    target.getState = () => {
      throw error;
    };
    await expect(handler.saveToDirectory(base, target)).rejects.toBe(error);
  });
});

describe("metadata", () => {
  it("comes back alone with metadataOnly, the state without it", async () => {
    const metadata = { epoch: 3, note: "café", ok: true, none: null, list: [1, { a: 2 }], loss: float(1) };
    await handler.saveToDirectory(base, { p: 1 }, { step: 1, metadata });
    expect(await handler.restore(base)).toEqual({ p: 1 });
    expect(await handler.restore(base, { metadataOnly: true })).toEqual({ ...metadata, loss: 1 });
    const exact = await handler.restore(base, { metadataOnly: true, exact: true });
    expect(exact).toMatchObject({ epoch: int(3), loss: float(1) });
  });

  it.each([undefined, null, {}, new Map(), [], "", 0, false, float(0), tuple([])])(
    "is none if it is %s",
    async (metadata) => {
      await handler.saveToDirectory(base, { p: 1 }, { step: 1, metadata });
      expect(await handler.restore(base, { metadataOnly: true })).toBeNull();
    },
  );

  it.each([
    ["a string", "x", "x"],
    ["a number", 1, 1],
    ["a list", [1], [1]],
    ["a Map", new Map([["a", 1]]), { a: 1 }],
  ])("may be %s", async (_, metadata, restored) => {
    await handler.saveToDirectory(base, { p: 1 }, { step: 1, metadata });
    expect(await handler.restore(base, { metadataOnly: true })).toEqual(restored);
  });

  it("makes an empty state one that can be saved", async () => {
    await handler.saveToDirectory(base, {}, { step: 1, metadata: { e: 1 } });
    expect(await handler.restore(base)).toEqual({});
  });

  it.each([
    ["an object", { p: 1, __metadata__: { own: 1 } }],
    ["a Map", new Map(Object.entries({ p: 1, __metadata__: { own: 1 } }))],
  ])("replaces the state's own key __metadata__ in %s", async (_, state) => {
    await handler.saveToDirectory(base, state, { step: 1, metadata: { given: 2 } });
    expect(await handler.restore(base, { metadataOnly: true })).toEqual({ given: 2 });
    expect(await handler.restore(base)).toEqual({ p: 1 });
  });

  it("is what the state has under __metadata__ where none is given", async () => {
    await handler.saveToDirectory(base, { p: 1, __metadata__: { own: 1 } }, { step: 1 });
    expect(await handler.restore(base, { metadataOnly: true })).toEqual({ own: 1 });
    expect(await handler.restore(base)).toEqual({ p: 1 });
  });

  it.each([[[1, 2]], ["text"], [5], [true], [null], [2.5]])(
    "stands beside a state %j that is no dict",
    async (state) => {
      await handler.saveToDirectory(base, state, { step: 1, metadata: { m: 1 } });
      expect(await handler.restore(base)).toEqual(state);
      expect(await handler.restore(base, { metadataOnly: true })).toEqual({ m: 1 });
    },
  );

  it("that cannot be stored is refused before anything is written", async () => {
    const saved = handler.saveToDirectory(base, { p: 1 }, { step: 1, metadata: { v: undefined } });
    await expect(saved).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(await names()).toBeNull();
  });

  it("has decimal keys where Python has ints", async () => {
    await handler.saveToDirectory(base, { p: 1 }, { step: 1, metadata: { "03": "x" } });
    expect(await handler.restore(base, { metadataOnly: true })).toEqual({ 3: "x" });
  });
});

describe("OrbaxCheckpointHandler.restore", () => {
  it("takes ckpt-<step> before <step>, and that before the unversioned checkpoint", async () => {
    await handler.saveToDirectory(base, { from: "checkpoint" });
    expect(await handler.restore(base, { step: 4 })).toEqual({ from: "checkpoint" });
    await handler.saveToDirectory(base, { from: "bare" }, { step: 4 });
    await base.rename("/ckpt-4", "/4");
    expect(await handler.restore(base, { step: 4 })).toEqual({ from: "bare" });
    await handler.saveToDirectory(base, { from: "ckpt" }, { step: 4, keep: null });
    expect(await handler.restore(base, { step: 4 })).toEqual({ from: "ckpt" });
  });

  it("takes the largest step without a number, also under its bare name", async () => {
    await saveSteps([2, 10, 9]);
    await base.rename("/ckpt-10", "/10");
    await handler.saveToDirectory(base, { p: 0 });
    expect(await handler.restore(base)).toEqual({ p: 10 });
  });

  it("takes the unversioned checkpoint where there is no step", async () => {
    await handler.saveToDirectory(base, { p: 0 });
    await base.makeDirectory("/ckpt-x");
    expect(await handler.restore(base)).toEqual({ p: 0 });
  });

  it("takes the unversioned checkpoint where the largest step has another spelling", async () => {
    await saveSteps([3]);
    await base.makeDirectory("/1_1");
    await handler.saveToDirectory(base, { p: 0 });
    expect(await handler.restore(base)).toEqual({ p: 0 });
  });

  it("takes the item default of a manager's step", async () => {
    const step = base.within("/3");
    await handler.saveToDirectory(step, { p: "item" });
    await step.rename("/checkpoint", "/default");
    expect(await handler.restore(base)).toEqual({ p: "item" });
  });

  it("finds negative steps by their number only", async () => {
    await saveSteps([-10, 1]);
    expect(await handler.restore(base)).toEqual({ p: 1 });
    expect(await handler.restore(base, { step: -10 })).toEqual({ p: -10 });
  });

  it("takes out what is under __state__, whoever wrote it", async () => {
    await handler.saveToDirectory(base, { __state__: { a: 1 }, b: 2 });
    expect(await handler.restore(base)).toEqual({ a: 1 });
  });

  it("says that the base directory is missing", async () => {
    const refusal = {
      code: "NOT_FOUND",
      message: "Checkpoint directory not found: memory/base",
      details: { pythonType: "ValueError" },
    };
    await expect(handler.restore(base)).rejects.toMatchObject(refusal);
    await expect(handler.restore(base, { step: 3 })).rejects.toMatchObject(refusal);
  });

  it("says that there is no checkpoint", async () => {
    await base.makeDirectory("/foo");
    await expect(handler.restore(base)).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: "No checkpoints found in memory/base",
      details: { pythonType: "ValueError" },
    });
    await expect(handler.restore(base, { step: 77 })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: "Checkpoint not found for step 77",
      details: { pythonType: "ValueError" },
    });
  });

  it("says which directory has no _METADATA", async () => {
    await base.makeDirectory("/ckpt-9");
    await expect(handler.restore(base)).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: "Metadata file (named _METADATA) does not exist at memory/base/ckpt-9.",
      details: { pythonType: "FileNotFoundError" },
    });
  });

  it.each([
    ["3", 3],
    ["ckpt-3", 3],
    ["checkpoint", 8],
    ["4/default", 4],
  ])("calls a file %s an incomplete checkpoint, as Orbax does", async (name, step) => {
    await base.set(`/${name}`, Uint8Array.of(1));
    await expect(handler.restore(base, { step })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: `Found incomplete checkpoint at memory/base/${name}.`,
      details: { pythonType: "ValueError" },
    });
  });

  it.each([1.5, 2 ** 53, Number.NaN, "3"])("refuses %s as a step", async (step) => {
    await handler.saveToDirectory(base, { p: 0 });
    const restored = handler.restore(base, { step: untyped(step) });
    await expect(restored).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it.each(["_METADATA", "manifest.ocdbt"])("reports a damaged %s and leaves the target", async (file) => {
    await saveSteps([1]);
    await base.set(`/ckpt-1/${file}`, Uint8Array.of(0x7b));
    const target = new Recorder();
    await expect(handler.restore(base, { target })).rejects.toMatchObject({ code: "DATA_LOSS" });
    expect(target.received).toBeUndefined();
  });

  it("gives plain values, or exact ones when asked", async () => {
    const state = { i: 1, f: float(2), a: ndarray("int32", [], Int32Array.of(3)), t: tuple([]) };
    await handler.saveToDirectory(base, state);
    expect(await handler.restore(base)).toEqual({ i: 1, f: 2, a: 3, t: [] });
    expect(await handler.restore(base, { exact: true })).toEqual({ ...state, i: int(1) });
  });

  it("sets the state of a target and gives the target", async () => {
    await saveSteps([5]);
    for (const target of [new Recorder(), new AsyncRecorder()]) {
      expect(await handler.restore(base, { target, step: 5 })).toBe(target);
      expect(target.received).toEqual({ p: 5 });
      expect(await handler.restore(base, { target, exact: true })).toBe(target);
      expect(target.received).toEqual({ p: int(5) });
    }
  });

  it("leaves a target its keys and empty dicts, as Datarax does", async () => {
    const state = { d: {}, k: { "01": 1 } };
    await handler.saveToDirectory(base, state);
    const target = new Recorder();
    await handler.restore(base, { target });
    expect(target.received).toEqual(state);
    expect(await handler.restore(base)).toEqual({ k: { 1: 1 } });
  });

  it("does not touch a target when only the metadata is asked for", async () => {
    await handler.saveToDirectory(base, { p: 1 }, { metadata: { m: 1 } });
    const target = new Recorder();
    expect(await handler.restore(base, { target, metadataOnly: true })).toEqual({ m: 1 });
    expect(target.received).toBeUndefined();
  });

  it("gives the state where the target cannot take it", async () => {
    await saveSteps([5]);
    expect(await handler.restore(base, { target: { p: 0 } })).toEqual({ p: 5 });
  });

  it("keeps the types of a target through its next save", async () => {
    await handler.saveToDirectory(base, new Recorder({ rate: float(2), n: scalar("int64", 1) }));
    const target = new Recorder();
    await handler.restore(base, { target });
    target.given = { rate: 3, n: 4 };
    await handler.saveToDirectory(base, target, { overwrite: true });
    expect(await handler.restore(base, { exact: true })).toEqual({ rate: float(3), n: int(4) });
  });

  it("refuses what the codec cannot take back", async () => {
    await handler.saveToDirectory(base, { v: { __string__: true, char_codes: [-1] } });
    await expect(handler.restore(base)).rejects.toMatchObject({ code: "DATA_LOSS", details: { key: "v" } });
  });

  it("takes a placeholder for what it is", async () => {
    const saved = handler.saveToDirectory(base, { v: placeholder });
    await expect(saved).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

describe("the steps of a directory", () => {
  it("are those that Python's int() reads, ascending, with duplicates", async () => {
    const steps = ["ckpt-5", "7", "ckpt-007", "ckpt-9-foo", "-4", "ckpt-1_0", "+2", "٣"];
    const others = [
      "ckpt-",
      "ckpt-x",
      "ckpt--5",
      "ckpt-3.0",
      "foo",
      "checkpoint",
      "ckpt-12.orbax-checkpoint-tmp",
    ];
    for (const name of [...steps, ...others]) await base.makeDirectory(`/${name}`);
    await base.set("/ckpt-100", Uint8Array.of(1));
    expect(await handler.getCheckpointSteps(base)).toEqual([-4, 2, 3, 5, 7, 7, 9, 10]);
    expect(await handler.latestStep(base)).toBe(10);
    expect(Array.from(await handler.listCheckpoints(base))).toEqual(
      [-4, 2, 3, 5, 7, 9, 10].map((step) => [step, `memory/base/ckpt-${step}`]),
    );
  });

  it("leave out numbers beyond 2^53", async () => {
    for (const name of ["ckpt-9007199254740991", "ckpt-9007199254740992"])
      await base.makeDirectory(`/${name}`);
    expect(await handler.getCheckpointSteps(base)).toEqual([9007199254740991]);
  });

  it("are none in a directory that is missing or empty", async () => {
    expect(await handler.getCheckpointSteps(base)).toEqual([]);
    await base.makeDirectory("/");
    expect(await handler.latestStep(base)).toBeNull();
    expect(Array.from(await handler.listCheckpoints(base))).toEqual([]);
  });

  it("hold the old version of one whose overwrite was interrupted", async () => {
    await saveSteps([1, 2]);
    await base.rename("/ckpt-2", "/ckpt-2.orbax-ts-replaced");
    await base.makeDirectory("/ckpt-2.orbax-checkpoint-tmp");
    expect(await handler.getCheckpointSteps(base)).toEqual([1, 2]);
    expect(await handler.restore(base)).toEqual({ p: 2 });
  });
});

describe("places for checkpoints", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "orbax-ts-handler-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it("may be a path, made with its parents", async () => {
    const directory = join(folder, "a", "b");
    expect(await handler.saveToDirectory(directory, { p: 1 }, { step: 3 })).toBe(join(directory, "ckpt-3"));
    expect(await readdir(directory)).toEqual(["ckpt-3"]);
    expect(await handler.restore(directory)).toEqual({ p: 1 });
  });

  it("may be a file URL", async () => {
    const url = pathToFileURL(join(folder, "a b"));
    expect(await handler.saveToDirectory(url, { p: 1 }, { step: 3 })).toBe(join(folder, "a b", "ckpt-3"));
    expect(Array.from(await handler.listCheckpoints(url))).toEqual([[3, join(folder, "a b", "ckpt-3")]]);
  });

  it("hold a step that is a link to a directory", async () => {
    await handler.saveToDirectory(join(folder, "elsewhere"), { p: 1 });
    await mkdir(join(folder, "base"));
    await symlink(join(folder, "elsewhere", "checkpoint"), join(folder, "base", "ckpt-4"));
    expect(await handler.latestStep(join(folder, "base"))).toBe(4);
    expect(await handler.restore(join(folder, "base"))).toEqual({ p: 1 });
  });

  it("are no files", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    const refusal = { code: "INVALID_ARGUMENT", details: { pythonType: "NotADirectoryError" } };
    await expect(handler.latestStep(file)).rejects.toMatchObject(refusal);
    await expect(handler.listCheckpoints(file)).rejects.toMatchObject(refusal);
    await expect(handler.restore(file)).rejects.toMatchObject(refusal);
    await expect(handler.saveToDirectory(file, { p: 1 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(handler.restore(file, { step: 1 })).rejects.toMatchObject({
      message: "Checkpoint not found for step 1",
    });
  });

  it("are no storages that cannot be written or listed", async () => {
    const store = new Map<string, Uint8Array>();
    const saved = handler.saveToDirectory(untyped(store), { p: 1 });
    await expect(saved).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    const readOnly = { get: async () => undefined };
    await expect(handler.restore(readOnly)).rejects.toMatchObject({ code: "UNSUPPORTED" });
    await expect(handler.restore(readOnly, { step: 1 })).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });
});
