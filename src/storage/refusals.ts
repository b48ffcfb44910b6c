import { OrbaxError, type OrbaxErrorCode } from "../errors.js";

// Errors that every storage words alike; `file` is `fileOf` the key.

/** A value that is read from something else than a file. `kind` comes with its article. */
export function notAFile(file: string, kind: string): OrbaxError {
  return new OrbaxError("DATA_LOSS", `${file}: is ${kind}, expected a regular file`, {
    file,
    found: kind,
    expected: "a regular file",
  });
}

/** A file is written where a directory is. */
export function directoryInTheWay(file: string, cause?: unknown): OrbaxError {
  return refusal("INVALID_ARGUMENT", file, "is a directory", cause);
}

/** Something is written below a file. */
export function fileInTheWay(file: string, cause?: unknown): OrbaxError {
  return refusal("INVALID_ARGUMENT", file, "a file stands where a parent directory should be", cause);
}

/** The name of something new is taken. */
export function alreadyExists(file: string, cause?: unknown): OrbaxError {
  return refusal("ALREADY_EXISTS", file, "already exists", cause);
}

/** Something is moved or synced that is missing, or moved to where no directory is. */
export function nothingThere(
  file: string,
  kind: "directory" | "file or directory",
  cause?: unknown,
): OrbaxError {
  return refusal("NOT_FOUND", file, `no such ${kind}`, cause);
}

/** A directory is moved into itself. */
export function movedIntoItself(from: string, to: string): OrbaxError {
  return refusal("INVALID_ARGUMENT", from, `cannot move into itself, to ${to}`);
}

function refusal(code: OrbaxErrorCode, file: string, what: string, cause?: unknown): OrbaxError {
  return new OrbaxError(code, `${file}: ${what}`, { file }, cause === undefined ? undefined : { cause });
}
