/**
 * What kind of failure an {@link OrbaxError} reports. Stable: programs may compare it.
 *
 * - `NOT_FOUND`: a directory, step, item, leaf or file is not there.
 * - `ALREADY_EXISTS`: a destination is there and overwriting was not asked for.
 * - `INVALID_ARGUMENT`: the caller asked for something that cannot be.
 * - `DATA_LOSS`: bytes on disk are damaged, cut, missing or contradict each other.
 * - `UNSUPPORTED`: well formed, but nothing this version or platform can read.
 * - `LIMIT_EXCEEDED`: larger than a limit that the caller can raise.
 * - `CONFLICT`: two states that do not fit together.
 * - `IO`: the system refused; `cause` holds its error.
 */
export type OrbaxErrorCode =
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "INVALID_ARGUMENT"
  | "DATA_LOSS"
  | "UNSUPPORTED"
  | "LIMIT_EXCEEDED"
  | "CONFLICT"
  | "IO";

/** Where a failure lies and what was wrong there. Every field is optional; what is known is filled in. */
export type OrbaxErrorDetails = {
  /** File or storage key, relative to what the caller opened. */
  readonly file?: string;
  /** Key path, parameter name or database key. */
  readonly key?: string;
  /** Name of the field in the format's own terms. */
  readonly field?: string;
  /** Byte offset in the decoded structure. */
  readonly offset?: number;
  readonly found?: unknown;
  readonly expected?: string;
  /** Name of the limit in `limits.ts` that was exceeded. */
  readonly limit?: string;
  /** Class of the exception that Python raises for the same thing, e.g. `ValueError`. */
  readonly pythonType?: string;
};

/** Every failure that bad input can cause. Ask with {@link isOrbaxError}, not with `instanceof`. */
export class OrbaxError extends Error {
  override readonly name = "OrbaxError";
  readonly code: OrbaxErrorCode;
  readonly details: OrbaxErrorDetails;

  constructor(
    code: OrbaxErrorCode,
    message: string,
    details: OrbaxErrorDetails = {},
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

/**
 * Tells whether `error` is an {@link OrbaxError}, of `code` if one is given. Also true for errors of another
 * copy of this package, which `instanceof` would miss.
 */
export function isOrbaxError(error: unknown, code?: OrbaxErrorCode): error is OrbaxError {
  return (
    error instanceof Error &&
    error.name === "OrbaxError" &&
    "code" in error &&
    (code === undefined || error.code === code)
  );
}

/** `what: field is found, expected expected (byte offset)`, as far as the details say. */
function describe(what: string, details: OrbaxErrorDetails): string {
  const { field, found, expected, offset } = details;
  const subject = field === undefined ? "" : `${field} is `;
  const finding = found === undefined ? (field === undefined ? "" : "wrong") : subject + showFound(found);
  const wanted = expected === undefined ? "" : `expected ${expected}`;
  const body = [finding, wanted].filter((part) => part !== "").join(", ");
  const where = offset === undefined ? "" : ` (byte ${offset})`;
  return (body === "" ? what : `${what}: ${body}`) + where;
}

const LONGEST_FINDING = 120;

function showFound(found: unknown): string {
  const text = textOf(found);
  return text.length > LONGEST_FINDING ? `${text.slice(0, LONGEST_FINDING)}…` : text;
}

function textOf(found: unknown): string {
  if (typeof found === "string") return JSON.stringify(found);
  // Parsed JSON has objects without prototype, of which `String` would make a TypeError.
  return typeof found === "object" && found !== null ? "an object" : String(found);
}

/** Damaged bytes. `what` names the structure: `B+tree node`, `manifest`, `.zarray`. */
export function dataLoss(what: string, details: OrbaxErrorDetails = {}, cause?: unknown): OrbaxError {
  return new OrbaxError(
    "DATA_LOSS",
    describe(what, details),
    details,
    cause === undefined ? undefined : { cause },
  );
}

/** Something well formed that this version does not read. */
export function unsupported(what: string, details: OrbaxErrorDetails = {}): OrbaxError {
  const { found, expected } = details;
  const reason = found !== undefined && expected === undefined ? ", which is not supported" : "";
  return new OrbaxError("UNSUPPORTED", describe(what, details) + reason, details);
}

/** More than a limit allows; `details.limit` names the limit that raises it. */
export function limitExceeded(
  what: string,
  details: OrbaxErrorDetails & { readonly limit: string },
): OrbaxError {
  return new OrbaxError("LIMIT_EXCEEDED", `${describe(what, details)}; limit ${details.limit}`, details);
}

/** The caller's mistake; `message` is complete. */
export function invalidArgument(message: string, details: OrbaxErrorDetails = {}): OrbaxError {
  return new OrbaxError("INVALID_ARGUMENT", message, details);
}

/** Something that is not there; `message` is complete. */
export function notFound(message: string, details: OrbaxErrorDetails = {}): OrbaxError {
  return new OrbaxError("NOT_FOUND", message, details);
}

/** A refusal of the system, whose own error stays as `cause`. */
export function ioFailure(file: string, cause: unknown): OrbaxError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new OrbaxError("IO", `${file}: ${reason}`, { file }, { cause });
}

/**
 * Adds the file's name to an {@link OrbaxError} thrown by a decoder, which cannot know it. Other errors, and
 * those that name a file already, come back as they are.
 */
export function inFile(error: unknown, file: string): unknown {
  if (!isOrbaxError(error) || error.details.file !== undefined) return error;
  return new OrbaxError(
    error.code,
    `${file}: ${error.message}`,
    { ...error.details, file },
    { cause: error },
  );
}

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
