import { invalidArgument } from "../errors.js";
import type { StorageKey } from "./storage.js";

/** The key of a storage's own root directory. */
export const ROOT: StorageKey = "/";

/**
 * The parts of a key, none for the root (`/` or the empty text).
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a key without a leading slash, for empty, `.` and `..` parts, for
 * NUL and for text that is no Unicode: no such name may reach a file system (docs/spec/ocdbt.md section 13).
 */
export function keyParts(key: string): string[] {
  if (key === "" || key === ROOT) return [];
  const [beforeSlash, ...parts] = key.split("/");
  if (beforeSlash !== "") throw invalidKey(key, "a key starts with a slash");
  for (const part of parts) {
    if (part === "") throw invalidKey(key, "a part is empty");
    if (part === "." || part === "..") throw invalidKey(key, `${part} is no name`);
    if (part.includes("\0")) throw invalidKey(key, "a name holds no NUL");
    // A lone surrogate would be written as U+FFFD, the name of another file.
    if (/\p{Surrogate}/u.test(part)) throw invalidKey(key, "a name is Unicode text");
  }
  return parts;
}

/** {@link keyParts} of a file, which the root is not. @throws {OrbaxError} `INVALID_ARGUMENT`. */
export function fileParts(key: string): string[] {
  const parts = keyParts(key);
  if (parts.length === 0) throw invalidKey(key, "the root is no file");
  return parts;
}

/** Refusal of a key by a storage whose platform cannot name it. `rule` is what the key breaks. */
export function invalidKey(key: string, rule: string) {
  return invalidArgument(`invalid storage key ${JSON.stringify(key)}: ${rule}`, { file: fileOf(key) });
}

/** The key of `key` below `directory`. @throws {OrbaxError} `INVALID_ARGUMENT` as {@link keyParts}. */
export function joinKey(directory: StorageKey, key: StorageKey): StorageKey {
  return `/${[...keyParts(directory), ...keyParts(key)].join("/")}`;
}

/** How messages and `details.file` call a key: without its leading slash, the root as `.`. */
export function fileOf(key: string): string {
  return key === "" || key === ROOT ? "." : key.replace(/^\//, "");
}
