import { beforeEach, describe, expect, it } from "vitest";
import { OrbaxCheckpointHandler } from "../../src/datarax/orbax-checkpoint-handler.js";
import { readState } from "../../src/datarax/read-state.js";
import { float, int, scalar, tuple } from "../../src/pytree/value.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { ndarray } from "../../src/zarr/nd-array.js";
import { untyped } from "./recorder.js";

let base: MemoryStorage;
const handler = new OrbaxCheckpointHandler();
beforeEach(() => {
  base = new MemoryStorage();
});

describe("readState", () => {
  it("gives step, state and metadata with exact types", async () => {
    const state = {
      n: 1,
      f: float(2),
      yes: true,
      none: null,
      t: tuple([]),
      s: "é",
      k: { "07": 1 },
      gone: {},
    };
    await handler.saveToDirectory(base, state, { step: 7, metadata: { loss: float(1), run: "x" } });
    expect(await readState(base)).toEqual({
      step: 7,
      state: {
        n: int(1),
        f: float(2),
        yes: scalar("bool", true),
        none: null,
        t: tuple([]),
        s: "é",
        k: { 7: int(1) },
      },
      metadata: { loss: float(1), run: "x" },
    });
  });

  it("says which step was read", async () => {
    await handler.saveToDirectory(base, { p: 0 });
    expect(await readState(base)).toMatchObject({ step: null, state: { p: int(0) }, metadata: null });
    for (const step of [-3, 9, 10]) await handler.saveToDirectory(base, { p: step }, { step, keep: 0 });
    expect(await readState(base)).toMatchObject({ step: 10 });
    expect(await readState(base, { step: 9 })).toMatchObject({ step: 9, state: { p: int(9) } });
    expect(await readState(base, { step: -3 })).toMatchObject({ step: -3, state: { p: int(-3) } });
    expect(await readState(base, { step: 77 })).toMatchObject({ step: null, state: { p: int(0) } });
  });

  it("gives a state that is no dict", async () => {
    await handler.saveToDirectory(base, [1, "a"], { step: 1 });
    expect((await readState(base)).state).toEqual([int(1), "a"]);
    await handler.saveToDirectory(base, 5, { step: 2, metadata: { m: 1 } });
    expect(await readState(base)).toEqual({ step: 2, state: int(5), metadata: { m: int(1) } });
  });

  it("reads through a zarrita store that lists", async () => {
    await handler.saveToDirectory(base, { p: 1 }, { step: 1 });
    const files = base.files();
    expect(await readState(files)).toMatchObject({ step: 1, state: { p: int(1) } });
  });

  it("says Datarax's words where there is nothing", async () => {
    await expect(readState(base)).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: "No checkpoints found in memory",
      details: { pythonType: "ValueError" },
    });
    await expect(readState(base, { step: 3 })).rejects.toMatchObject({
      message: "Checkpoint not found for step 3",
    });
  });

  it.each([0.5, 2 ** 53, "7"])("refuses %s as a step", async (step) => {
    await handler.saveToDirectory(base, { p: 0 });
    await expect(readState(base, { step: untyped(step) })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { field: "step", found: step },
    });
  });

  it("stops for its signal with the signal's reason", async () => {
    await handler.saveToDirectory(base, { p: 0 });
    const reason = new Error("enough");
    await expect(readState(base, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it.each([
    ["depth", { depth: 3 }, { a: { b: { c: { d: 1 } } } }],
    ["arrayBytes", { arrayBytes: 8 }, { a: ndarray("int8", [9], new Int8Array(9)) }],
    ["metadataBytes", { metadataBytes: 100 }, { a: 1 }],
  ])("keeps the limit %s", async (limit, limits, state) => {
    await handler.saveToDirectory(base, state);
    await expect(readState(base, { limits })).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
      details: { limit },
    });
  });
});
