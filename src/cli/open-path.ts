import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { PARTIAL_SAVE_SUFFIX } from "../checkpoint/commit/committed.js";
import { isOrbaxError, OrbaxError } from "../errors.js";

/** A path as it was typed, or the path of a `file:` URL. */
export function localPath(typed: string): string {
  return /^file:\/\//i.test(typed) && URL.canParse(typed) ? fileURLToPath(typed) : typed;
}

/**
 * Opens what a path names, and says so where an unfinished save lies beside a path that is missing.
 *
 * @throws {OrbaxError} what `open` throws.
 */
export async function openingPath<T>(path: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!isOrbaxError(error, "NOT_FOUND") || (await isThere(path))) throw error;
    const partial = path.replace(/\/+$/, "") + PARTIAL_SAVE_SUFFIX;
    if (!(await isThere(partial))) throw error;
    const message = `${error.message}; an unfinished save lies beside it: ${partial}`;
    throw new OrbaxError(error.code, message, error.details, { cause: error });
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
