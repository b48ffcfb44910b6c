import { lstatSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { fsExtra, orMissing, pathBelow, systemCode } from "./local-root.js";

/** What is removed synchronously at most: a checkpoint of few files takes about a millisecond. */
const MOST_ENTRIES = 64;
const MOST_BYTES = 2 ** 24;

/** What another process wrote into a directory that is being removed. EEXIST on Solaris. */
const NOT_EMPTY = new Set(["ENOTEMPTY", "EEXIST"]);

/** Removes a file, or a directory with all it holds. No error if it is missing; otherwise the system's. */
export async function removePath(path: string): Promise<void> {
  const little = listLittle(path);
  if (little !== undefined && removeListed(little)) return;
  const { remove } = await fsExtra();
  await remove(path);
}

type Listed = { readonly files: readonly string[]; readonly directories: readonly string[] };

/** All that is at `path`, each directory before what it holds; `undefined` if that is too much. */
function listLittle(path: string): Listed | undefined {
  const files: string[] = [];
  const directories: string[] = [];
  const found = [path];
  let bytes = 0;
  for (const entry of found) {
    // Another process may be removing it, too.
    const stats = orMissing(() => lstatSync(entry, { throwIfNoEntry: false }));
    if (stats?.isDirectory() === true) {
      directories.push(entry);
      for (const name of orMissing(() => readdirSync(entry)) ?? []) found.push(pathBelow(entry, [name]));
    } else if (stats !== undefined) {
      files.push(entry);
      bytes += stats.size;
    }
    if (found.length > MOST_ENTRIES || bytes > MOST_BYTES) return undefined;
  }
  return { files, directories };
}

/** False if a directory was not empty. */
function removeListed({ files, directories }: Listed): boolean {
  for (const file of files) orMissing(() => unlinkSync(file));
  try {
    for (const directory of directories.toReversed()) orMissing(() => rmdirSync(directory));
    return true;
  } catch (error) {
    if (!NOT_EMPTY.has(systemCode(error))) throw error;
    return false;
  }
}
