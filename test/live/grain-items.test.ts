import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type GrainIterator,
  restoreGrainItem,
  saveGrainItem,
} from "../../src/checkpoint/grain-checkpoint.js";
import { openCheckpoint } from "../../src/checkpoint/open-checkpoint.js";
import { MapDataset } from "../../src/grain/map-dataset.js";
import { formatPythonJson } from "../../src/pytree/python-json.js";
import { take } from "../elements.js";
import { type LoaderSpec, loaderOf } from "./data-loaders.js";
import { type Oracle, startOracle } from "./oracle.js";

let oracle: Oracle;
let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "orbax-ts-grain-"));
  oracle = await startOracle();
});
afterAll(async () => {
  await oracle.stop();
  await rm(scratch, { recursive: true });
});

let places = 0;
const newPlace = () => join(scratch, `place-${++places}`);

const loader: LoaderSpec = {
  sampler: "index",
  n: 23,
  shuffle: true,
  seed: 11,
  num_epochs: 3,
  shard: [1, 2, false],
  operations: [["batch", 2, false]],
};
const flat: LoaderSpec = { sampler: "index", n: 23, num_epochs: 3, operations: [["fan", 2]] };
const dataset = { n: 17, shuffle_seed: 4, epochs: 3 };
const COUNT = 6;

type Kind = {
  /** For Python. */
  readonly made: Readonly<Record<string, unknown>>;
  readonly open: () => GrainIterator & Iterator<unknown, undefined>;
};

const kinds: ReadonlyArray<readonly [string, Kind]> = [
  ["a DataLoader", { made: { loader }, open: () => loaderOf(loader)[Symbol.iterator]() }],
  ["a DataLoader with a flat map", { made: { loader: flat }, open: () => loaderOf(flat)[Symbol.iterator]() }],
  [
    "a dataset",
    {
      made: { dataset },
      open: () =>
        MapDataset.range(dataset.n).shuffle(dataset.shuffle_seed).repeat(dataset.epochs)[Symbol.iterator](),
    },
  ],
];

async function stateText(iterator: GrainIterator): Promise<string> {
  const state = await iterator.getState();
  if (state instanceof Uint8Array) throw new Error("a state of Grain is a text or a dict");
  return typeof state === "string" ? state : formatPythonJson(state, 4);
}

describe.each(kinds)("an item with the iterator of %s", (_, { made, open }) => {
  it("that Python's Checkpointer saved goes on here", async () => {
    const place = newPlace();
    await oracle.call("grain_save", { directory: place, taken: 5, ...made });
    const whole = open();
    take(whole, 5);
    const restored = await restoreGrainItem(place, open());
    expect(await stateText(restored)).toBe(await stateText(whole));
    expect(take(restored, COUNT)).toEqual(take(whole, COUNT));
  });

  it("that Python's CheckpointManager saved goes on here", async () => {
    const place = newPlace();
    await oracle.call("grain_save", { directory: place, taken: 3, manager_step: 40, ...made });
    const whole = open();
    take(whole, 3);
    const restored = await restoreGrainItem(place, open());
    expect(take(restored, COUNT)).toEqual(take(whole, COUNT));
    const item = await (await openCheckpoint(place)).item("it");
    expect(item.kind).toBe("grain");
  });

  it("that Python's v1 interface saved goes on here, and back", async () => {
    const place = newPlace();
    await oracle.call("grain_save", { directory: place, taken: 2, v1: true, ...made });
    const whole = open();
    take(whole, 2);
    const iterator = await restoreGrainItem(place, open());
    expect(take(iterator, COUNT)).toEqual(take(whole, COUNT));
    await saveGrainItem(join(place, "it"), iterator, { overwrite: true });
    expect(await oracle.call("grain_restore", { directory: place, count: COUNT, v1: true, ...made })).toEqual(
      {
        state: await stateText(whole),
        elements: take(whole, COUNT),
      },
    );
  });

  it("has the bytes that Python writes", async () => {
    const [theirs, ours] = [newPlace(), newPlace()];
    await oracle.call("grain_save", { directory: theirs, taken: 4, ...made });
    const iterator = open();
    take(iterator, 4);
    await saveGrainItem(ours, iterator);
    const file = "process_0-of-1.json";
    expect(await readFile(join(ours, file), "utf8")).toBe(await readFile(join(theirs, file), "utf8"));
  });

  it("that was saved here goes on in Python, with a Checkpointer", async () => {
    const place = newPlace();
    const iterator = open();
    take(iterator, 4);
    await saveGrainItem(place, iterator);
    expect(await oracle.call("grain_restore", { directory: place, count: COUNT, ...made })).toEqual({
      state: await stateText(iterator),
      elements: take(iterator, COUNT),
    });
  });

  it("that was saved here goes on in Python, in a manager's step", async () => {
    const place = newPlace();
    await oracle.call("grain_save", { directory: place, taken: 1, manager_step: 7, ...made });
    const iterator = open();
    take(iterator, 8);
    await saveGrainItem(join(place, "7", "it"), iterator, { overwrite: true });
    expect(
      await oracle.call("grain_restore", { directory: place, count: COUNT, manager_step: 7, ...made }),
    ).toEqual({ state: await stateText(iterator), elements: take(iterator, COUNT) });
  });
});

describe("an item without the file of the process", () => {
  it("is refused in Grain's words", async () => {
    const [place, copy] = [newPlace(), newPlace()];
    await saveGrainItem(place, loaderOf(loader)[Symbol.iterator](), { processIndex: 1, processCount: 2 });
    await cp(place, copy, { recursive: true });
    const message = `File ${join(copy, "process_0-of-1.json")} does not exist.`;
    await expect(oracle.call("grain_restore", { directory: copy, count: 1, loader })).rejects.toThrow(
      message,
    );
    await expect(restoreGrainItem(copy, loaderOf(loader)[Symbol.iterator]())).rejects.toThrow(message);
  });
});
