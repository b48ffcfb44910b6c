import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { restoreGrainItem, saveGrainItem } from "../../src/checkpoint/grain-checkpoint.js";
import { isOrbaxError } from "../../src/errors.js";
import { DataLoader } from "../../src/grain/data-loader.js";
import { IndexSampler } from "../../src/grain/index-sampler.js";
import { MapDataset } from "../../src/grain/map-dataset.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { untyped } from "../datarax/recorder.js";

let folder: string;
let item: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "orbax-ts-item-"));
  item = join(folder, "stream");
  await saveGrainItem(item, datasetIterator());
});

afterEach(() => rm(folder, { recursive: true }));

function datasetIterator() {
  return MapDataset.range(9).shuffle(3).toIterDataset()[Symbol.iterator]();
}

function loaderIterator() {
  const sampler = new IndexSampler({ numRecords: 9, shuffle: true, seed: 3, numEpochs: 1 });
  return new DataLoader({ dataSource: [0, 1, 2, 3, 4, 5, 6, 7, 8], sampler })[Symbol.iterator]();
}

const bytes = (text: string) => new TextEncoder().encode(text);

/** Files that hold no state, and what the text says of each. */
const FILES: readonly (readonly [what: string, content: Uint8Array])[] = [
  ["nothing", bytes("")],
  ["a list that is never closed", bytes("[".repeat(1_000_000))],
  ["objects inside each other", bytes('{"a":'.repeat(100_000) + "1" + "}".repeat(100_000))],
  ["a number of a million digits", bytes(`{"next_index": ${"9".repeat(1_000_000)}}`)],
  ["a number beyond doubles", bytes('{"next_index": 1e999}')],
  ["NaN", bytes('{"next_index": NaN}')],
  ["a negative position", bytes('{"next_index": -1}')],
  ["ten megabytes of one text", bytes(`{"next_index": "${"x".repeat(10_000_000)}"}`)],
  ["a prototype", bytes('{"__proto__": {"next_index": 1}}')],
  ["a wrong byte of UTF-8", Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)],
  ["half of a character", Uint8Array.of(0x22, 0xf0, 0x9f, 0x98, 0x22)],
  ["half a surrogate pair in UTF-8", Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)],
  ["a byte order mark", bytes('\ufeff{"next_index": 1}')],
  ["UTF-16", Uint8Array.from(Buffer.from('{"next_index": 1}', "utf16le"))],
  ["a list", bytes("[1]")],
];

async function refusal(act: () => Promise<unknown>): Promise<unknown> {
  try {
    await act();
    return "restored";
  } catch (error) {
    return error;
  }
}

describe.each([
  ["a dataset", datasetIterator],
  ["a loader", loaderIterator],
])("the item of %s", (_, open) => {
  it.each(FILES)("is refused with a typed error where its file holds %s", async (_what, content) => {
    await writeFile(join(item, "process_0-of-1.json"), content);
    const [iterator, twin] = [open(), open()];
    for (const each of [iterator, twin]) each.next();
    const error = await refusal(() => restoreGrainItem(item, untyped(iterator)));
    expect(isOrbaxError(error)).toBe(true);
    expect(iterator.getState()).toEqual(twin.getState());
    expect([iterator.next(), iterator.next()]).toEqual([twin.next(), twin.next()]);
  });
});

describe("names", () => {
  it.each(["..", "../stream", "a/../../stream", "/etc", "", "\0"])(
    "of items cannot leave the step: %j",
    async (name) => {
      const error = await refusal(() => restoreGrainItem(item, datasetIterator(), { item: name }));
      expect(isOrbaxError(error)).toBe(true);
    },
  );

  it.each([-1, 1, 0.5, Number.NaN, 2 ** 53, "0/../../x", null, 1n])(
    "of processes are those of numbers: %o",
    async (processIndex) => {
      const error = await refusal(() =>
        restoreGrainItem(item, datasetIterator(), { processIndex: untyped(processIndex) }),
      );
      expect(isOrbaxError(error)).toBe(true);
    },
  );

  it("of items to be saved cannot leave the storage's folder", async () => {
    const error = await refusal(() =>
      saveGrainItem(new MemoryStorage(), datasetIterator(), { path: "../out" }),
    );
    expect(isOrbaxError(error)).toBe(true);
  });
});
