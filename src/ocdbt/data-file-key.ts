import { dataLoss } from "../errors.js";
import type { StorageKey } from "../storage/storage.js";
import { type DataFiles, dataFileAt } from "./format/data-files.js";

/** A data file, as its path says: where to read it, and the base that its nodes hand down. */
export type ResolvedDataFile = { readonly key: StorageKey; readonly transitiveBase: Uint8Array };

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Resolves entry `id` of a node's table below the node's own base (docs/spec/ocdbt.md section 10.1).
 *
 * @throws {OrbaxError} `DATA_LOSS` for a path that could leave the database's directory or that no storage can
 * name (section 13).
 */
export function resolveDataFile(transitiveBase: Uint8Array, files: DataFiles, id: number): ResolvedDataFile {
  const { base, relative } = dataFileAt(files, id);
  const joinedBase = joinBytes(transitiveBase, base);
  return { key: storageKeyOf(joinBytes(joinedBase, relative)), transitiveBase: joinedBase };
}

function joinBytes(start: Uint8Array, end: Uint8Array): Uint8Array {
  if (start.length === 0) return end;
  const joined = new Uint8Array(start.length + end.length);
  joined.set(start);
  joined.set(end, start.length);
  return joined;
}

function storageKeyOf(path: Uint8Array): StorageKey {
  const text = decodePath(path);
  for (const part of text.split("/")) {
    if (part === "" || part === "." || part === "..") {
      throw dataLoss("data file path", { found: text, expected: "a path below the database" });
    }
  }
  // Control characters, and what Windows takes for a separator or a drive, name no file that Orbax writes.
  if (/[\p{Cc}\\]|^[A-Za-z]:/u.test(text)) {
    throw dataLoss("data file path", {
      found: text,
      expected: "no control characters, backslashes or drives",
    });
  }
  return `/${text}`;
}

function decodePath(path: Uint8Array): string {
  try {
    return decoder.decode(path);
  } catch (cause) {
    throw dataLoss("data file path", { found: "invalid UTF-8", expected: "UTF-8" }, cause);
  }
}
