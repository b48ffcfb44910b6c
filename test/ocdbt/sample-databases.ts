import type { OcdbtDatabase } from "../../src/ocdbt/reader.js";
import type { MemoryStorage } from "../../src/storage/memory.js";
import { textOf } from "./bytes.js";
import { DataFile, interiorBody, leafBody, manifest, storageOf } from "./databases.js";
import * as worked from "./worked-examples.js";

/** The database of 15.1 and 15.2. */
export function workedDatabase(): MemoryStorage {
  return storageOf({ "manifest.ocdbt": worked.MANIFEST_15_1, [worked.PATH_15_1]: worked.DATA_FILE_15_2 });
}

/** The tree of 15.3 below a manifest of its own: keys w/aa, w/ab, w/ba and w/bb with values 1 to 4. */
export function workedTree(): MemoryStorage {
  const root = { file: worked.PATH_15_3, offset: 64, length: 80 };
  return storageOf({ "manifest.ocdbt": manifest(root, 1), [root.file]: worked.DATA_FILE_15_3 });
}

/** A tree of height 2 over the keys a0, a1, b0, b1, … h1, two in each leaf and two leaves in each node. */
export function threeLevels(): MemoryStorage {
  const file = new DataFile("d/x");
  const parents = ["ab", "cd", "ef", "gh"].map((letters) => {
    const children = Array.from(letters, (letter) => {
      const leaf = leafBody([0, 1].map((digit) => [String(digit), `${letter}${digit}`]));
      const { offset, length } = file.appendNode(leaf);
      return { file: file.path, offset, length, key: `${letter}0`, common: 1 };
    });
    const { offset, length } = file.appendNode(interiorBody(1, children));
    return { file: file.path, offset, length, key: `${letters[0]}0` };
  });
  const root = file.appendNode(interiorBody(2, parents));
  return storageOf({ "manifest.ocdbt": manifest(root, 2), [file.path]: file.bytes });
}

/** All keys with a prefix, as text. */
export async function keysOf(database: OcdbtDatabase, prefix: string | Uint8Array = ""): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of database.list({ prefix })) keys.push(textOf(key));
  return keys;
}

/** All keys with their values, as text. */
export async function contentOf(database: OcdbtDatabase): Promise<Record<string, string>> {
  const content: [string, string][] = [];
  for await (const { key, value } of database.list()) {
    const receive = (bytes: Uint8Array) => content.push([textOf(key), textOf(bytes)]);
    await database.readValues([{ value, receive }]);
  }
  return Object.fromEntries(content);
}
