import { beforeEach, describe, expect, it } from "vitest";
import { IteratorCheckpoint } from "../../src/datarax/iterator-checkpoint.js";
import { OrbaxCheckpointHandler } from "../../src/datarax/orbax-checkpoint-handler.js";
import { ndarray } from "../../src/zarr/nd-array.js";
import { GatedStorage } from "./gated-storage.js";
import { AsyncRecorder, Recorder } from "./recorder.js";

let base: GatedStorage;
let handler: OrbaxCheckpointHandler;
beforeEach(() => {
  base = new GatedStorage();
  handler = new OrbaxCheckpointHandler({ asyncCheckpointing: true });
});

const noSpace = new Error("no space");

/** Whether a promise is settled once all that can go on without it has gone on. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

/** Starts a save whose commit fails. */
async function saveThatFails(step = 1): Promise<void> {
  base.failNext(noSpace, "makeDirectory");
  await handler.saveToDirectory(base, { p: step }, { step });
}

describe("an asynchronous save", () => {
  it("gives its path before anything is written", async () => {
    const release = base.hold();
    expect(await handler.saveToDirectory(base, { p: 1 }, { step: 1 })).toBe("memory/ckpt-1");
    expect(await base.names()).toEqual([]);
    release();
    await handler.waitUntilFinished();
    expect(await base.names()).toEqual(["ckpt-1"]);
  });

  it("stores the state as it was, whatever happens to it later", async () => {
    const release = base.hold();
    const state = {
      typed: Float32Array.of(1, 2),
      array: ndarray("int64", [1], BigInt64Array.of(5n)),
      list: [1, { deep: 1 }],
      map: new Map([["k", 1]]),
      n: 1,
    };
    await handler.saveToDirectory(base, state, { step: 1, metadata: state });
    state.typed.fill(9);
    state.array.data.fill(9n);
    state.list[1] = 9;
    state.list.push(9);
    state.map.set("k", 9);
    state.n = 9;
    release();
    const saved = {
      typed: ndarray("float32", [2], Float32Array.of(1, 2)),
      array: ndarray("int64", [1], BigInt64Array.of(5n)),
      list: [1, { deep: 1 }],
      map: { k: 1 },
      n: 1,
    };
    expect(await handler.restore(base)).toEqual(saved);
    expect(await handler.restore(base, { metadataOnly: true })).toEqual(saved);
  });

  it("is not waited for by getCheckpointSteps, latestStep and listCheckpoints", async () => {
    const release = base.hold();
    await handler.saveToDirectory(base, { p: 1 }, { step: 1 });
    expect(await handler.getCheckpointSteps(base)).toEqual([]);
    expect(await handler.latestStep(base)).toBeNull();
    expect(Array.from(await handler.listCheckpoints(base))).toEqual([]);
    const checkpoint = new IteratorCheckpoint(base, { handler });
    expect(await checkpoint.hasCheckpoint()).toBe(false);
    expect(await checkpoint.getLatestStep()).toBeNull();
    release();
    await handler.close();
  });

  it.each([
    ["the next save", () => handler.saveToDirectory(base, { p: 2 }, { step: 2, keep: 2 })],
    ["restore", () => handler.restore(base)],
    ["restore of the metadata", () => handler.restore(base, { metadataOnly: true })],
    ["restoreLatest", () => new IteratorCheckpoint(base, { handler }).restoreLatest(new Recorder())],
    ["waitUntilFinished", () => handler.waitUntilFinished()],
    ["close", () => handler.close()],
    ["the end of its scope", () => handler[Symbol.asyncDispose]()],
  ])("is waited for by %s", async (_, call) => {
    const release = base.hold();
    await handler.saveToDirectory(base, { p: 1 }, { step: 1 });
    const called = call();
    expect(await isSettled(called)).toBe(false);
    release();
    await called;
    expect(await base.names()).toContain("ckpt-1");
  });

  it.each([
    ["the next save", () => handler.saveToDirectory(base, { p: 2 }, { step: 2 })],
    ["the next save, itself refused,", () => handler.saveToDirectory(base, { p: undefined }, { step: 2 })],
    [
      "the next save of a step that is no integer",
      () => handler.saveToDirectory(base, { p: 1 }, { step: 0.5 }),
    ],
    ["restore", () => handler.restore(base)],
    ["restoreLatest", () => new IteratorCheckpoint(base, { handler }).restoreLatest(new Recorder())],
    ["waitUntilFinished", () => handler.waitUntilFinished()],
    ["close", () => handler.close()],
    ["the end of its scope", () => handler[Symbol.asyncDispose]()],
  ])("that fails is reported by %s, once", async (_, call) => {
    await saveThatFails();
    await expect(call()).rejects.toBe(noSpace);
    expect(await base.names()).toEqual([]); // a save that meets the error saves nothing
    await handler.waitUntilFinished();
    await handler.close();
  });

  it("that fails leaves the handler as it was", async () => {
    await saveThatFails();
    await expect(handler.waitUntilFinished()).rejects.toBe(noSpace);
    await handler.saveToDirectory(base, { p: 2 }, { step: 1 });
    expect(await handler.restore(base)).toEqual({ p: 2 });
  });

  it("that fails reports nothing where nobody asks", async () => {
    await saveThatFails();
    expect(await handler.latestStep(base)).toBeNull();
    expect(await isSettled(Promise.resolve())).toBe(true);
  });

  it("that fails keeps what it would have replaced", async () => {
    await handler.saveToDirectory(base, { p: 1 }, { step: 1 });
    await handler.waitUntilFinished();
    base.fail(noSpace, (operation) => operation === "rename");
    await handler.saveToDirectory(base, { p: 2 }, { step: 1, overwrite: true });
    await expect(handler.waitUntilFinished()).rejects.toBe(noSpace);
    base.mend();
    expect(await handler.restore(base)).toEqual({ p: 1 });
  });

  it("leaves exactly as many steps as keep says", async () => {
    for (const step of [1, 2, 3, 4, 5]) await handler.saveToDirectory(base, { p: step }, { step, keep: 2 });
    await handler.waitUntilFinished();
    expect(await base.names()).toEqual(["ckpt-4", "ckpt-5"]);
  });

  it("is refused at once for a destination that is there, and for what cannot be stored", async () => {
    await handler.saveToDirectory(base, { p: 1 }, { step: 1 });
    const again = handler.saveToDirectory(base, { p: 2 }, { step: 1 });
    await expect(again).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    const bad = handler.saveToDirectory(base, { v: new Set() }, { step: 2 });
    await expect(bad).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await handler.close();
    expect(await base.names()).toEqual(["ckpt-1"]);
  });
});

describe.each([true, false])("a closed handler, asynchronous: %s", (asyncCheckpointing) => {
  it("refuses saves, but reads", async () => {
    const closed = new OrbaxCheckpointHandler({ asyncCheckpointing });
    await closed.saveToDirectory(base, { p: 1 }, { step: 1 });
    await closed.close();
    await closed.close();
    await expect(closed.saveToDirectory(base, { p: 2 }, { step: 2 })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "cannot schedule new futures after shutdown",
      details: { pythonType: "RuntimeError" },
    });
    expect(await closed.restore(base)).toEqual({ p: 1 });
    expect(await closed.latestStep(base)).toBe(1);
    expect(await base.names()).toEqual(["ckpt-1"]);
  });

  it("is what `await using` leaves", async () => {
    const release = base.hold();
    setTimeout(release, 5);
    let left: OrbaxCheckpointHandler;
    {
      await using scoped = new OrbaxCheckpointHandler({ asyncCheckpointing });
      left = scoped;
      await scoped.saveToDirectory(base, { p: 1 }, { step: 1 });
    }
    expect(await base.names()).toEqual(["ckpt-1"]);
    await expect(left.saveToDirectory(base, { p: 2 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

describe.each([true, false])("calls that nobody waits for, asynchronous: %s", (asyncCheckpointing) => {
  beforeEach(() => {
    handler = new OrbaxCheckpointHandler({ asyncCheckpointing });
  });

  it("run in their order, each with the state of its moment", async () => {
    const checkpoint = new IteratorCheckpoint(base, { handler });
    const iterator = new Recorder({ n: 0, list: [0] });
    const state = { n: 0, list: [0] };
    iterator.getState = () => state; // the iterator's own object, as Python's users like to give it
    const saves: Promise<string>[] = [];
    for (const step of [1, 2, 3]) {
      state.n = step;
      state.list[0] = step;
      saves.push(checkpoint.saveToDirectory(iterator, { step, keep: 0 }));
    }
    state.n = 99;
    const restored = checkpoint.restoreLatest(new Recorder());
    expect(await Promise.all(saves)).toEqual(["memory/ckpt-1", "memory/ckpt-2", "memory/ckpt-3"]);
    expect((await restored).received).toEqual({ n: 3, list: [3] });
    for (const step of [1, 2]) {
      expect(await handler.restore(base, { step })).toEqual({ n: step, list: [step] });
    }
  });

  it("find what the calls before them saved", async () => {
    const saved = handler.saveToDirectory(base, { p: 1 }, { step: 1 });
    const restored = handler.restore(base);
    const again = handler.saveToDirectory(base, { p: 2 }, { step: 1 });
    await expect(again).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    expect(await restored).toEqual({ p: 1 });
    expect(await saved).toBe("memory/ckpt-1");
  });

  it("go on after one that failed", async () => {
    const bad = handler.saveToDirectory(base, { v: undefined }, { step: 1 });
    const good = handler.saveToDirectory(base, { p: 2 }, { step: 2 });
    await expect(bad).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(await good).toBe("memory/ckpt-2");
    expect(await handler.restore(base)).toEqual({ p: 2 });
  });

  it("are over when close is", async () => {
    const saves = [1, 2, 3].map((step) => handler.saveToDirectory(base, { p: step }, { step, keep: 2 }));
    await handler.close();
    expect(await base.names()).toEqual(["ckpt-2", "ckpt-3"]);
    await Promise.all(saves);
  });

  it("may save many iterators at once", async () => {
    const checkpoint = new IteratorCheckpoint(base, { handler });
    const iterators = Array.from({ length: 20 }, (_, n) =>
      n % 2 === 0 ? new Recorder({ n }) : new AsyncRecorder({ n }),
    );
    await Promise.all(iterators.map((it, step) => checkpoint.saveToDirectory(it, { step, keep: 0 })));
    await handler.waitUntilFinished();
    expect(await handler.getCheckpointSteps(base)).toEqual(iterators.map((_, step) => step));
    expect(await handler.restore(base, { step: 13 })).toEqual({ n: 13 });
  });
});
