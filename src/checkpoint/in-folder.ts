import { isOrbaxError, OrbaxError } from "../errors.js";

/**
 * Puts a folder in front of the file that an error names, for whoever opened that folder as a storage of its own.
 * Other errors come back as they are.
 *
 * @param folder Relative to what the caller opened; empty for that itself.
 */
export function inFolder(error: unknown, folder: string): unknown {
  if (folder === "" || !isOrbaxError(error) || error.details.file === undefined) return error;
  const file = `${folder}/${error.details.file}`;
  const message = error.message.startsWith(error.details.file)
    ? `${folder}/${error.message}`
    : `${folder}: ${error.message}`;
  return new OrbaxError(error.code, message, { ...error.details, file }, { cause: error });
}
