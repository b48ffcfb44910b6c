import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MemoryStorage } from "../../src/storage/memory.js";
import { FIXTURES } from "./dump-tree.js";

/** Files of a fixture that a test changes, by path below it: text or bytes to put there, `false` to remove. */
export type FixtureChanges = Readonly<Record<string, string | Uint8Array | false>>;

/**
 * A checkpoint of fixtures/orbax in memory.
 *
 * @param path Below fixtures/orbax.
 * @param changes A path that is removed takes what lies below it with it.
 */
export function fixtureStorage(path: string, changes: FixtureChanges = {}): MemoryStorage {
  const folder = join(FIXTURES, path);
  const files = new Map<string, Uint8Array>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    files.set(file.slice(folder.length), readFileSync(file));
  }
  for (const [name, content] of Object.entries(changes)) {
    if (content !== false) {
      files.set(`/${name}`, typeof content === "string" ? new TextEncoder().encode(content) : content);
      continue;
    }
    const gone = [...files.keys()].filter((key) => key === `/${name}` || key.startsWith(`/${name}/`));
    if (gone.length === 0) throw new Error(`${path} has no ${name}`);
    for (const key of gone) files.delete(key);
  }
  return new MemoryStorage(files);
}

/** Names in a directory of a fixture that match, sorted. */
export function fixtureNames(path: string, pattern: RegExp): string[] {
  return readdirSync(join(FIXTURES, path))
    .filter((name) => pattern.test(name))
    .sort();
}
