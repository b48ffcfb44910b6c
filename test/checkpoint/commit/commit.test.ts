import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { commitDirectory, removeCommitted } from "../../../src/checkpoint/commit/commit.js";
import { committedEntries, resolveCommitted } from "../../../src/checkpoint/commit/committed.js";
import { LocalStorage } from "../../../src/storage/local.js";
import { MemoryStorage } from "../../../src/storage/memory.js";
import type { StorageKey, WritableStorage } from "../../../src/storage/storage.js";
import { within } from "../../../src/storage/within.js";
import { type BeforeChange, FAULT, type Fault, faulty, filesBelow, KILLED } from "../faulty-storage.js";

vi.setConfig({ testTimeout: 60_000 }); // thousands of small files, on any disk

let top: string;
beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), "orbax-ts-commit-"));
});
afterAll(() => rm(top, { recursive: true }));

type OpenStorage = () => Promise<WritableStorage>;
const openMemory: OpenStorage = async () => new MemoryStorage();
const openLocal: OpenStorage = async () => new LocalStorage(await mkdtemp(join(top, "folder-")));

const T = (name: string) => `${name}.orbax-checkpoint-tmp`;
const R = (name: string) => `${name}.orbax-ts-replaced`;
const D = (name: string) => `${name}.orbax-ts-deleted`;

/** Files of a step that holds `version`, each of which names it. */
const FILES = ["/a", "/d/b", "/z"] as const;

const text = (value: string) => new TextEncoder().encode(value);

async function writeVersion(
  directory: WritableStorage,
  version: number,
  files: readonly StorageKey[] = FILES,
) {
  for (const key of files) await directory.set(key, text(`version ${version}`));
}

/** Saves `version` as a step, as a process would that has this storage. */
function commit(storage: WritableStorage, name: string, version: number, overwrite = true): Promise<void> {
  return commitDirectory(storage, name, { overwrite }, (directory) => writeVersion(directory, version));
}

/** The version that a directory holds. @throws {Error} if it is not whole. */
async function versionIn(storage: WritableStorage, directory: string): Promise<number> {
  const files = await filesBelow(storage, `/${directory}`);
  const texts = new Set(Array.from(files.values(), (bytes) => new TextDecoder().decode(bytes)));
  const [only = ""] = texts;
  const version = Number(/^version (\d+)$/.exec(only)?.[1]);
  if (files.size !== FILES.length || texts.size !== 1 || Number.isNaN(version)) {
    throw new Error(`${directory} is not whole: ${[...files.keys()].join(" ")}: ${[...texts].join(", ")}`);
  }
  return version;
}

/** What a reader sees: each listed step and its version. Both ways of looking must agree. */
async function visible(storage: WritableStorage): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  for (const { name, storedName } of committedEntries((await storage.list("/")) ?? [])) {
    seen[name] = await versionIn(storage, storedName);
    expect(await resolveCommitted(storage, name)).toBe(storedName);
  }
  return seen;
}

async function children(storage: WritableStorage): Promise<string[]> {
  return ((await storage.list("/")) ?? []).map(({ name }) => name).sort();
}

/** Contents as text, to see whether anything was touched. */
async function snapshot(storage: WritableStorage): Promise<unknown> {
  const files = await filesBelow(storage, "/");
  return Array.from(files, ([key, bytes]) => [key, new TextDecoder().decode(bytes)]);
}

/** What may stand at a step's names: N whole (version 1), R whole (version 0), T and D cut. */
type Leftovers = { readonly n: boolean; readonly r: boolean; readonly t: boolean; readonly d: boolean };

const ALL_LEFTOVERS: readonly Leftovers[] = Array.from({ length: 16 }, (_, bits) => ({
  n: (bits & 1) !== 0,
  r: (bits & 2) !== 0,
  t: (bits & 4) !== 0,
  d: (bits & 8) !== 0,
}));

function label({ n, r, t, d }: Leftovers): string {
  const names = [n && "N", r && "R", t && "T", d && "D"].filter((name) => name !== false);
  return names.length === 0 ? "nothing" : names.join(" ");
}

async function lay(storage: WritableStorage, name: string, { n, r, t, d }: Leftovers): Promise<void> {
  if (n) await writeVersion(within(storage, `/${name}`), 1);
  if (r) await writeVersion(within(storage, `/${R(name)}`), 0);
  if (t) await writeVersion(within(storage, `/${T(name)}`), 8, ["/a"]);
  if (d) await writeVersion(within(storage, `/${D(name)}`), 9, ["/d/b"]);
}

/** The version that a reader sees among leftovers. */
function visibleVersion({ n, r, t }: Leftovers): number | undefined {
  if (n) return 1;
  return r && t ? 0 : undefined;
}

const KINDS: readonly Fault["kind"][] = ["stop", "stop within", "fail", "fail on"];
const KINDS_ON_DISK: readonly Fault["kind"][] = ["stop", "fail"];

type Ending = "done" | "killed" | "failed";

async function ending(action: Promise<void>): Promise<Ending> {
  try {
    await action;
    return "done";
  } catch (error) {
    if (error === KILLED) return "killed";
    expect(error).toBe(FAULT);
    return "failed";
  }
}

/** Runs an action again and again, with a fault at each of its changes; `check` judges what is left each time. */
async function atEveryChange(
  open: OpenStorage,
  prepare: (storage: WritableStorage) => Promise<void>,
  action: (storage: WritableStorage) => Promise<void>,
  check: (storage: WritableStorage, ending: Ending, fault: Fault) => Promise<void>,
): Promise<number> {
  let runs = 0;
  for (const kind of open === openLocal ? KINDS_ON_DISK : KINDS) {
    for (let at = 1; ; at++) {
      const storage = await open();
      await prepare(storage);
      const fault = { kind, at };
      const { storage: broken, changes } = faulty(storage, fault);
      const ended = await ending(action(broken));
      await check(storage, ended, fault);
      runs++;
      if (changes() < at) break;
    }
  }
  return runs;
}

/** On a disk, which is slow, only what differs most. */
const SOME_LEFTOVERS = ALL_LEFTOVERS.filter((leftovers) =>
  ["N", "R T", "N R T D"].includes(label(leftovers)),
);

const STORAGES: readonly (readonly [string, OpenStorage, readonly Leftovers[]])[] = [
  ["MemoryStorage", openMemory, ALL_LEFTOVERS],
  ["LocalStorage", openLocal, SOME_LEFTOVERS],
];

describe.each(STORAGES)("in a %s", (_, open, tried) => {
  describe.each(tried.map((leftovers) => [label(leftovers), leftovers] as const))(
    "a save of a step where there is %s",
    (_label, leftovers) => {
      const before = visibleVersion(leftovers);

      it("with overwrite leaves a whole version at every moment, and a later save ends clean", async () => {
        const runs = await atEveryChange(
          open,
          (storage) => lay(storage, "7", leftovers),
          (storage) => commit(storage, "7", 2),
          async (storage, ended, { kind }) => {
            const { "7": seen } = await visible(storage);
            if (ended === "done") expect(seen).toBe(2);
            // What fails once renames back; a process that died, or lost its disk, may have got as far as the new one.
            else if (kind === "fail") expect(seen).toBe(before);
            else expect([before, 2]).toContain(seen);
            await commit(storage, "7", 3);
            expect(await visible(storage)).toEqual({ "7": 3 });
            expect(await children(storage)).toEqual(["7"]);
          },
        );
        expect(runs).toBeGreaterThan(2 * 8);
      });

      it("without overwrite is refused before anything is touched, or goes as one with overwrite", async () => {
        if (before === undefined) {
          await atEveryChange(
            open,
            (storage) => lay(storage, "7", leftovers),
            (storage) => commit(storage, "7", 2, false),
            async (storage, ended, { kind }) => {
              const { "7": seen } = await visible(storage);
              if (ended === "done") expect(seen).toBe(2);
              else expect(kind === "fail" ? [undefined] : [undefined, 2]).toContain(seen);
            },
          );
          return;
        }
        const storage = await open();
        await lay(storage, "7", leftovers);
        const untouched = await snapshot(storage);
        const { storage: watched, changes } = faulty(storage);
        await expect(commit(watched, "7", 2, false)).rejects.toMatchObject({
          code: "ALREADY_EXISTS",
          message: `Destination ${storage.name}/7 already exists.`,
        });
        expect(changes()).toBe(0);
        expect(await snapshot(storage)).toEqual(untouched);
      });

      it("of another one keeps its T and what a reader sees, and takes only what stands for nothing", async () => {
        await atEveryChange(
          open,
          (storage) => lay(storage, "7", leftovers),
          (storage) => commit(storage, "8", 2),
          async (storage, ended) => {
            expect((await visible(storage))["7"]).toBe(before);
            const names = await children(storage);
            expect(names.includes(T("7"))).toBe(leftovers.t);
            if (ended !== "done") return;
            const stands = leftovers.r && leftovers.t && !leftovers.n;
            if (stands) expect(names).toContain(R("7"));
            expect((await visible(storage))["8"]).toBe(2);
          },
        );
        const storage = await open();
        await lay(storage, "7", leftovers);
        await commit(storage, "8", 2);
        const stands = leftovers.r && leftovers.t && !leftovers.n;
        const left = [leftovers.n && "7", stands && R("7"), leftovers.t && T("7"), "8"];
        expect(await children(storage)).toEqual(left.filter((name) => name !== false).sort());
      });

      it("whose pruning dies at any moment shows the step whole or not at all", async () => {
        await atEveryChange(
          open,
          (storage) => lay(storage, "7", leftovers),
          (storage) => removeCommitted(storage, "7"),
          async (storage, ended) => {
            const { "7": seen } = await visible(storage);
            expect(ended === "done" ? [undefined] : [before, undefined]).toContain(seen);
            if (ended === "done") {
              const left = [leftovers.t && T("7"), leftovers.d && !leftovers.n && !leftovers.r && D("7")];
              expect(await children(storage)).toEqual(left.filter((name) => name !== false).sort());
            }
            await commit(storage, "7", 3);
            expect(await children(storage)).toEqual(["7"]);
            expect(await visible(storage)).toEqual({ "7": 3 });
          },
        );
      });
    },
  );

  describe("a save", () => {
    it("makes the directories above it", async () => {
      const storage = await open();
      await commit(within(storage, "/a/b"), "7", 1);
      expect(await versionIn(storage, "a/b/7")).toBe(1);
    });

    it("makes T, fills it, makes it durable, renames it, makes that durable", async () => {
      const changes: string[] = [];
      const { storage } = faulty(await open(), undefined, (change) => void changes.push(change));
      await commit(storage, "7", 1, false);
      expect(changes).toEqual([
        "mkdir /7.orbax-checkpoint-tmp",
        "set /7.orbax-checkpoint-tmp/a",
        "set /7.orbax-checkpoint-tmp/d/b",
        "set /7.orbax-checkpoint-tmp/z",
        "sync /7.orbax-checkpoint-tmp",
        "rename /7.orbax-checkpoint-tmp /7",
        "sync /",
      ]);
    });

    it("is seen as the old version while the new one takes its place", async () => {
      const storage = await open();
      await commit(storage, "7", 1);
      const seen: (readonly [string, string])[] = [];
      const look: BeforeChange = async (change) => {
        const stored = await resolveCommitted(storage, "7");
        const [entry] = committedEntries((await storage.list("/")) ?? []);
        expect(entry).toEqual({ name: "7", kind: "directory", storedName: stored });
        if (change.startsWith("rename")) seen.push([change, stored ?? ""]);
        await visible(storage);
      };
      await commit(faulty(storage, undefined, look).storage, "7", 2);
      expect(seen).toEqual([
        ["rename /7 /7.orbax-ts-replaced", "7"],
        ["rename /7.orbax-checkpoint-tmp /7", "7.orbax-ts-replaced"],
        ["rename /7.orbax-ts-replaced /7.orbax-ts-deleted", "7"],
      ]);
    });

    it("that fails removes its T and throws what went wrong", async () => {
      const storage = await open();
      const reason = new Error("no more");
      const failing = commitDirectory(storage, "7", { overwrite: false }, async (directory) => {
        await writeVersion(directory, 1, ["/a"]);
        throw reason;
      });
      await expect(failing).rejects.toBe(reason);
      expect(await children(storage)).toEqual([]);
    });

    it("whose second rename fails puts the old version back and removes its T", async () => {
      const storage = await open();
      await commit(storage, "7", 1);
      const failing = faulty(storage, undefined, (change) => {
        if (change === "rename /7.orbax-checkpoint-tmp /7") throw FAULT;
      });
      await expect(commit(failing.storage, "7", 2)).rejects.toBe(FAULT);
      expect(await visible(storage)).toEqual({ "7": 1 });
      expect(await children(storage)).toEqual(["7"]);
    });

    it("whose name cannot be made durable puts the old version back and removes its T", async () => {
      const storage = await open();
      await commit(storage, "7", 1);
      const failing = faulty(storage, undefined, (change) => {
        if (change === "sync /") throw FAULT;
      });
      await expect(commit(failing.storage, "7", 2)).rejects.toBe(FAULT);
      expect(await visible(storage)).toEqual({ "7": 1 });
      expect(await children(storage)).toEqual(["7"]);
    });

    it("whose name cannot be made durable stays if another process took the old version away", async () => {
      const storage = await open();
      await commit(storage, "7", 1);
      const failing = faulty(storage, undefined, async (change) => {
        if (change !== "sync /") return;
        await storage.delete(`/${R("7")}`);
        throw FAULT;
      });
      await expect(commit(failing.storage, "7", 2)).rejects.toBe(FAULT);
      expect(await visible(storage)).toEqual({ "7": 2 });
    });

    it("keeps T beside an old version that could not be put back, so that it stands", async () => {
      const storage = await open();
      await commit(storage, "7", 1);
      let cannotRename = false;
      const losing = faulty(storage, undefined, (change) => {
        cannotRename ||= change === "rename /7.orbax-checkpoint-tmp /7";
        if (cannotRename && change.startsWith("rename")) throw FAULT;
      });
      await expect(commit(losing.storage, "7", 2)).rejects.toBe(FAULT);
      expect(await children(storage)).toEqual([T("7"), R("7")].sort());
      expect(await visible(storage)).toEqual({ "7": 1 });
    });

    it("without overwrite is a CONFLICT if the step appears meanwhile, and leaves that alone", async () => {
      const storage = await open();
      const saving = commitDirectory(storage, "7", { overwrite: false }, async (directory) => {
        await writeVersion(directory, 1);
        await writeVersion(within(storage, "/7"), 5);
      });
      await expect(saving).rejects.toMatchObject({ code: "CONFLICT", details: { file: "7" } });
      expect(await visible(storage)).toEqual({ "7": 5 });
      expect(await children(storage)).toEqual(["7"]);
    });

    it("with overwrite is a CONFLICT if the step appears between the renames, and leaves that alone", async () => {
      const storage = await open();
      await commit(storage, "7", 1);
      const other: BeforeChange = async (change) => {
        if (change === "rename /7.orbax-checkpoint-tmp /7") await writeVersion(within(storage, "/7"), 5);
      };
      const saving = commit(faulty(storage, undefined, other).storage, "7", 2);
      await expect(saving).rejects.toMatchObject({ code: "CONFLICT" });
      expect(await visible(storage)).toEqual({ "7": 5 });
      await commit(storage, "7", 6);
      expect(await children(storage)).toEqual(["7"]);
    });

    it("with overwrite takes the place of a step that appears before its renames", async () => {
      const storage = await open();
      const saving = commitDirectory(storage, "7", { overwrite: true }, async (directory) => {
        await writeVersion(directory, 2);
        await writeVersion(within(storage, "/7"), 5);
      });
      await saving;
      expect(await visible(storage)).toEqual({ "7": 2 });
      expect(await children(storage)).toEqual(["7"]);
    });

    it("with overwrite saves a step that is pruned meanwhile", async () => {
      const storage = await open();
      await commit(storage, "7", 1);
      await commitDirectory(storage, "7", { overwrite: true }, async (directory) => {
        await writeVersion(directory, 2);
        await removeCommitted(storage, "7");
      });
      expect(await visible(storage)).toEqual({ "7": 2 });
    });

    it("is not disturbed by leftovers that cannot be removed", async () => {
      const storage = await open();
      await lay(storage, "6", { n: false, r: false, t: false, d: true });
      const stubborn = faulty(storage, undefined, (change) => {
        if (change === "delete /6.orbax-ts-deleted") throw FAULT;
      });
      await commit(stubborn.storage, "7", 1);
      expect((await visible(storage))["7"]).toBe(1);
    });

    it("waits for one of the same step that this process has begun", async () => {
      const storage = await open();
      const saves = [1, 2, 3].map((version) => commit(storage, "7", version));
      await Promise.all(saves);
      expect(await visible(storage)).toEqual({ "7": 3 });
      expect(await children(storage)).toEqual(["7"]);
    });

    it("is a CONFLICT if another process takes its T away, and throws what that led to as the cause", async () => {
      const storage = await open();
      await commit(storage, "7", 1);
      const saving = commitDirectory(storage, "7", { overwrite: true }, async (directory) => {
        await writeVersion(directory, 2);
        await storage.delete(`/${T("7")}`);
      });
      await expect(saving).rejects.toMatchObject({
        code: "CONFLICT",
        message: `${storage.name}/7: another process saves or removes it at the same time`,
        cause: { code: "NOT_FOUND" },
      });
      expect(await visible(storage)).toEqual({ "7": 1 });
    });

    it.each<[string, (other: WritableStorage) => Promise<void>]>([
      ["writes a file of its own into T", (other) => other.set("/d/other", text("x"))],
      ["writes one of the same name", (other) => other.set("/a", text("version 3"))],
      ["removes a file", (other) => other.delete("/z")],
      [
        "makes T anew and goes on there",
        async (other) => {
          await other.delete("/a");
          await other.delete("/z");
          await other.set("/d/b", text("version 2"));
        },
      ],
    ])("is a CONFLICT if another process %s, and leaves T to that one", async (_what, disturb) => {
      const storage = await open();
      await commit(storage, "7", 1);
      const saving = commitDirectory(storage, "7", { overwrite: true }, async (directory) => {
        await writeVersion(directory, 2);
        await disturb(within(storage, `/${T("7")}`));
      });
      await expect(saving).rejects.toMatchObject({ code: "CONFLICT", details: { file: "7" } });
      expect(await visible(storage)).toEqual({ "7": 1 });
      expect(await children(storage)).toEqual(["7", T("7")]);
      await commit(storage, "7", 4);
      expect(await children(storage)).toEqual(["7"]);
    });

    it("is a CONFLICT if another process has made a file of T first", async () => {
      const storage = await open();
      const saving = commitDirectory(storage, "7", { overwrite: true }, async (directory) => {
        await within(storage, `/${T("7")}`).set("/data", text("x"));
        await directory.create("/data");
      });
      await expect(saving).rejects.toMatchObject({ code: "CONFLICT", cause: { code: "ALREADY_EXISTS" } });
    });

    it("may delete a file that it wrote", async () => {
      const storage = await open();
      await commitDirectory(storage, "7", { overwrite: false }, async (directory) => {
        await directory.set("/extra", text("x"));
        await writeVersion(directory, 1);
        await directory.delete("/extra");
      });
      expect(await visible(storage)).toEqual({ "7": 1 });
    });

    it("may write below directories of its own, and piece by piece", async () => {
      const storage = await open();
      await commitDirectory(storage, "7", { overwrite: false }, async (directory) => {
        await writeVersion(within(directory, "/item"), 1);
        const sink = await directory.within("/item").within("/more").create("/data");
        await sink.write([text("x"), text("y")]);
        await sink.close();
        await directory.makeDirectory("/empty");
      });
      expect([...(await filesBelow(storage, "/7")).keys()]).toEqual([
        "/7/item/a",
        "/7/item/d/b",
        "/7/item/more/data",
        "/7/item/z",
      ]);
    });

    it("goes on after one of the same step that failed", async () => {
      const storage = await open();
      const failing = commitDirectory(storage, "7", { overwrite: true }, () => Promise.reject(FAULT));
      const saving = commit(storage, "7", 2);
      await expect(failing).rejects.toBe(FAULT);
      await saving;
      expect(await visible(storage)).toEqual({ "7": 2 });
    });
  });

  it("takes away a step that another process takes away as well", async () => {
    const storage = await open();
    await commit(storage, "7", 1);
    const { storage: raced } = faulty(storage, undefined, async (change) => {
      if (change === "rename /7 /7.orbax-ts-deleted") await storage.rename("/7", `/${D("7")}`);
    });
    await removeCommitted(raced, "7");
    expect(await visible(storage)).toEqual({});
  });

  it("takes away a step, and nothing if there is none", async () => {
    const storage = await open();
    await commit(storage, "7", 1);
    await removeCommitted(storage, "7");
    await removeCommitted(storage, "7");
    expect(await children(storage)).toEqual([]);
  });
});

describe("a destination", () => {
  it.each([T("7"), `${T("7")}-5`, R("7"), D("7"), "7.partial_save"])("cannot be called %s", async (name) => {
    const { storage, changes } = faulty(new MemoryStorage());
    await expect(commit(storage, name, 1)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { file: name },
    });
    expect(changes()).toBe(0);
  });

  it("must be in a storage whose renames appear at once", async () => {
    const inner = new MemoryStorage();
    const storage = Object.assign(faulty(inner).storage.within("/"), {});
    Object.defineProperty(storage, "atomic", { value: { set: true, rename: false } });
    await expect(commit(storage, "7", 1)).rejects.toMatchObject({ code: "UNSUPPORTED" });
    expect(inner.files().size).toBe(0);
  });
});

/** One act of a process in a directory of steps; it may die or fail at a change. */
type Act = {
  readonly step: string;
  readonly act: "save" | "overwrite" | "prune";
  readonly fault: Fault | undefined;
};

const act: fc.Arbitrary<Act> = fc.record({
  step: fc.constantFrom("1", "2", "3"),
  act: fc.constantFrom("save" as const, "overwrite" as const, "overwrite" as const, "prune" as const),
  fault: fc.option(fc.record({ kind: fc.constantFrom(...KINDS), at: fc.integer({ min: 1, max: 16 }) }), {
    nil: undefined,
    freq: 3,
  }),
});

/** What may be seen of each step: one version, or after a death one of several; 0 stands for none. */
async function playActs(open: OpenStorage, acts: readonly Act[]): Promise<void> {
  const storage = await open();
  const possible = new Map<string, ReadonlySet<number>>();
  for (const [index, { step, act, fault }] of acts.entries()) {
    const version = index + 1;
    const { storage: process } = faulty(storage, fault);
    const seenBefore = (await visible(storage))[step] ?? 0;
    const wanted = act === "prune" ? 0 : version;
    let ended: Ending | "refused";
    try {
      const acting =
        act === "prune"
          ? removeCommitted(process, step)
          : commit(process, step, version, act === "overwrite");
      ended = await ending(acting);
    } catch (error) {
      if (act !== "save" || seenBefore === 0) throw error;
      ended = "refused";
    }
    const after = ended === "done" ? [wanted] : ended === "refused" ? [seenBefore] : [seenBefore, wanted];
    possible.set(step, new Set(after));
    const seen = await visible(storage);
    for (const [name, versions] of possible) expect([...versions]).toContain(seen[name] ?? 0);
    // What is seen now stays, whatever the next process does to other steps.
    for (const name of possible.keys()) possible.set(name, new Set([seen[name] ?? 0]));
  }
  for (const step of ["1", "2", "3"]) await commit(storage, step, 99);
  expect(await visible(storage)).toEqual({ "1": 99, "2": 99, "3": 99 });
  expect(await children(storage)).toEqual(["1", "2", "3"]);
}

describe("processes that die in turn", () => {
  it.each([
    ["MemoryStorage", openMemory, 1000],
    ["LocalStorage", openLocal, 20],
  ] as const)("leave every step whole in a %s", async (_, open, numRuns) => {
    const acts = fc.array(act, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(acts, (played) => playActs(open, played)),
      { numRuns },
    );
  });
});
