import { describe, expect, it } from "vitest";
import { restoreGrainItem, saveGrainItem } from "../../src/checkpoint/grain-checkpoint.js";
import { openCheckpoint } from "../../src/checkpoint/open-checkpoint.js";
import { DataLoader } from "../../src/grain/data-loader.js";
import { IndexSampler } from "../../src/grain/index-sampler.js";
import { MapDataset } from "../../src/grain/map-dataset.js";
import type { Dict } from "../../src/pytree/value.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { failure } from "../failure.js";

const loader = new DataLoader({
  dataSource: [10, 20, 30, 40],
  sampler: new IndexSampler({ numRecords: 4, shuffle: true, seed: 3 }),
});

function advanced(count: number) {
  const iterator = loader[Symbol.iterator]();
  for (let taken = 0; taken < count; taken++) iterator.next();
  return iterator;
}

/** An iterator of a user's own. */
function holder<S extends Dict | Uint8Array>(state: S) {
  return {
    state,
    getState(): S {
      return this.state;
    },
    setState(next: S): void {
      this.state = next;
    },
  };
}

async function saved(
  ...arguments_: Parameters<typeof saveGrainItem> extends [unknown, ...infer R] ? R : never
) {
  const storage = new MemoryStorage();
  const [states, options] = arguments_;
  await saveGrainItem(storage, states, { path: "it", ...options });
  return storage;
}

async function textAt(storage: MemoryStorage, file: string): Promise<string> {
  return new TextDecoder().decode(await storage.get(`/it/${file}`));
}

describe("saveGrainItem", () => {
  it("writes the files of Grain's handler", async () => {
    const iterator = advanced(2);
    const storage = await saved(iterator);
    expect(((await storage.list("/it")) ?? []).map(({ name }) => name).sort()).toEqual([
      "_CHECKPOINT_METADATA",
      "commit_success.txt",
      "process_0-of-1.json",
    ]);
    expect(await textAt(storage, "process_0-of-1.json")).toBe(iterator.getState());
    expect(JSON.parse(await textAt(storage, "_CHECKPOINT_METADATA"))).toMatchObject({
      item_handlers: "grain._src.python.checkpoint.handler.CheckpointHandler",
    });
    const checkpoint = await openCheckpoint(storage.within("/it"));
    expect(checkpoint.kind).toBe("grain");
    expect(await checkpoint.text()).toBe(iterator.getState());
  });

  it("writes a dict as Python's json.dumps with an indent of 4", async () => {
    const storage = await saved(
      holder({ parent: { next_index: 2n ** 60n }, list: [1, []], text: "ü", none: null }),
    );
    expect(await textAt(storage, "process_0-of-1.json")).toBe(
      [
        "{",
        '    "parent": {',
        '        "next_index": 1152921504606846976',
        "    },",
        '    "list": [',
        "        1,",
        "        []",
        "    ],",
        '    "text": "\\u00fc",',
        '    "none": null',
        "}",
      ].join("\n"),
    );
  });

  it("writes the states of several processes", async () => {
    const storage = await saved([advanced(1), advanced(2).getState()]);
    const checkpoint = await openCheckpoint(storage.within("/it"));
    expect([...(await checkpoint.files()).keys()]).toEqual(["process_0-of-2.json", "process_1-of-2.json"]);
    const restored = await restoreGrainItem(storage.within("/it"), advanced(0), {
      processIndex: 1,
      processCount: 2,
    });
    expect(restored.getState()).toBe(advanced(2).getState());
  });

  it("writes the state of one process of several", async () => {
    const storage = await saved(advanced(1), { processIndex: 2, processCount: 4 });
    expect(await textAt(storage, "process_2-of-4.json")).toBe(advanced(1).getState());
  });

  it("replaces an item only if it is asked to", async () => {
    const storage = await saved(advanced(1));
    await expect(saveGrainItem(storage, advanced(2), { path: "it" })).rejects.toEqual(
      failure("ALREADY_EXISTS"),
    );
    expect(await textAt(storage, "process_0-of-1.json")).toBe(advanced(1).getState());
    await saveGrainItem(storage, advanced(2), { path: "it", overwrite: true });
    expect(await textAt(storage, "process_0-of-1.json")).toBe(advanced(2).getState());
  });

  it("refuses what JSON has not, and processes that cannot be, before it writes", async () => {
    const storage = new MemoryStorage();
    const refused = async (...[states, options]: Parameters<typeof saved>) =>
      expect(saveGrainItem(storage, states, { path: "it", ...options })).rejects.toEqual(
        failure("INVALID_ARGUMENT"),
      );
    await refused(holder({ array: new Int32Array(2) }));
    await refused("{}", { processIndex: 1 });
    await refused("{}", { processIndex: -1, processCount: 2 });
    await refused("{}", { processCount: 1.5 });
    await refused([]);
    await refused(["{}", "{}"], { processCount: 3 });
    expect(await storage.list("/")).toEqual([]);
  });

  it("refuses an array in Python's words", async () => {
    await expect(saved(holder({ array: new Int32Array(2) }))).rejects.toThrow(
      "Object of type ndarray is not JSON serializable",
    );
  });
});

describe("restoreGrainItem", () => {
  it("restores a loader's iterator", async () => {
    const storage = await saved(advanced(3));
    const restored = await restoreGrainItem(storage.within("/it"), advanced(0));
    expect(restored.next()).toEqual(advanced(3).next());
  });

  it("restores an iterator over a dataset", async () => {
    const dataset = MapDataset.range(10);
    const iterator = dataset[Symbol.iterator]();
    for (let taken = 0; taken < 4; taken++) iterator.next();
    const storage = await saved(iterator);
    expect(await textAt(storage, "process_0-of-1.json")).toBe('{\n    "next_index": 4\n}');
    expect((await restoreGrainItem(storage.within("/it"), dataset[Symbol.iterator]())).next().value).toBe(4);
  });

  it("gives bytes to an iterator whose state is bytes, and integers with all their digits", async () => {
    const bytes = holder(new TextEncoder().encode('{"n": 1}'));
    const storage = await saved(bytes);
    const other = await restoreGrainItem(storage.within("/it"), holder(new Uint8Array()));
    expect(other.state).toEqual(bytes.state);
    const large = await saved('{"n": 1152921504606846977}');
    const dict = await restoreGrainItem(large.within("/it"), holder<Dict>({}));
    expect(dict.state.n).toBe(1152921504606846977n);
  });

  it("restores the only item of Grain in a step, or the one that is named", async () => {
    const storage = new MemoryStorage();
    await saveGrainItem(storage, advanced(1), { path: "7/train" });
    await saveGrainItem(storage, advanced(1), { path: "9/train" });
    await storage.set("/9/metrics/metrics", new TextEncoder().encode("{}"));
    expect((await restoreGrainItem(storage, advanced(0))).getState()).toBe(advanced(1).getState());
    await saveGrainItem(storage, advanced(2), { path: "9/test" });
    await expect(restoreGrainItem(storage, advanced(0))).rejects.toThrow("those of Grain are");
    const test = await restoreGrainItem(storage, advanced(0), { item: "test" });
    expect(test.getState()).toBe(advanced(2).getState());
    await restoreGrainItem(storage, advanced(0), { step: 7 });
  });

  it("says in Grain's words that the process has no file", async () => {
    const storage = await saved(advanced(1));
    const options = { processIndex: 1, processCount: 2 };
    await expect(restoreGrainItem(storage.within("/it"), advanced(0), options)).rejects.toThrow(
      /^File .*process_1-of-2\.json does not exist\.$/,
    );
    await expect(restoreGrainItem(storage.within("/it"), advanced(0), options)).rejects.toEqual(
      failure("NOT_FOUND", { pythonType: "ValueError" }),
    );
  });

  it("refuses a damaged dict, with the file's name", async () => {
    for (const text of ["{", "[1]", "7"]) {
      const storage = await saved(text);
      await expect(restoreGrainItem(storage.within("/it"), holder<Dict>({}))).rejects.toEqual(
        failure("DATA_LOSS", { file: "process_0-of-1.json" }),
      );
    }
  });

  it("leaves the iterator as it was where its state is another loader's", async () => {
    const storage = await saved("{}");
    const iterator = advanced(1);
    await expect(restoreGrainItem(storage.within("/it"), iterator)).rejects.toEqual(
      failure("INVALID_ARGUMENT"),
    );
    expect(iterator.getState()).toBe(advanced(1).getState());
  });
});
