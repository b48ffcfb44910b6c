import { dataLoss, limitExceeded, OrbaxError } from "../errors.js";

/** What is known about compressed bytes before they are decoded. */
export type DecompressOptions = {
  /** Structure that the bytes stand for, for messages. */
  readonly what: string;
  /** Most bytes that the content may have. */
  readonly limit: number;
  /** Name of that limit in `limits.ts`, for messages. */
  readonly limitName: string;
  /** Bytes that the content must have, where they are known from elsewhere. */
  readonly size?: number | undefined;
};

/**
 * The content of exactly one stream, which fills `stored`. The array is the caller's own, begins at byte 0 of its
 * buffer and ends with it, so that any typed array can be made over it. Synchronous.
 *
 * @throws {OrbaxError} `DATA_LOSS` damaged, cut, followed by anything, checksum or length wrong ·
 *   `LIMIT_EXCEEDED` `size`, or where it is unknown the content, is over `limit` · `UNSUPPORTED` a variant of the
 *   format that is not read, or more than this platform can hold.
 */
export type Decompress = (stored: Uint8Array, options: DecompressOptions) => Uint8Array;

/**
 * Why an engine has no content for a stream.
 *
 * - `damaged`: the stream breaks the format, has a wrong checksum, or ends after or before the bytes do.
 * - `too long`: the content is longer than the capacity.
 * - `too large`: the stream may be sound, but this platform has not the memory or the integers for it.
 */
export type DecompressFailure = {
  readonly failure: "damaged" | "too long" | "too large";
  readonly cause?: unknown;
};

/**
 * Most bytes that may come out: `size`, or `limit` where it is unknown, and never more than `possible`, which is
 * what the stored bytes can stand for at most.
 *
 * @throws {OrbaxError} `LIMIT_EXCEEDED` `size` is over the limit · `DATA_LOSS` it is more than is possible.
 */
export function contentCapacity(format: string, possible: number, options: DecompressOptions): number {
  const { size, limit } = options;
  if (size === undefined) return Math.min(limit, possible);
  if (size > limit) throw overLimit(format, size, options);
  if (size > possible) throw wrongContentSize(format, `at most ${possible}`, options);
  return size;
}

/** The error for content that is longer than {@link contentCapacity} said it may be. */
export function contentTooLong(format: string, options: DecompressOptions): OrbaxError {
  const { size, limit } = options;
  return size === undefined
    ? overLimit(format, `more than ${limit}`, options)
    : wrongContentSize(format, `more than ${size}`, options);
}

/** @throws {OrbaxError} `DATA_LOSS` unless `content` is as long as it ought to be. */
export function checkContentSize(format: string, content: Uint8Array, options: DecompressOptions): void {
  if (content.length !== (options.size ?? content.length)) {
    throw wrongContentSize(format, content.length, options);
  }
}

/** The error for content of another length than `size`. */
export function wrongContentSize(
  format: string,
  found: number | string,
  { what, size }: { readonly what: string; readonly size?: number | string | undefined },
): OrbaxError {
  return dataLoss(what, { field: `${format} content size`, found, expected: `${size} bytes` });
}

/** The error for content of `found` bytes, known to be over the limit. */
export function overLimit(
  format: string,
  found: number | string,
  { what, limit, limitName }: DecompressOptions,
): OrbaxError {
  return limitExceeded(what, {
    field: `${format} content size`,
    found,
    expected: `at most ${limit} bytes`,
    limit: limitName,
  });
}

/** The error for content that may be sound, but is more than this platform has memory or integers for. */
export function contentTooLarge(
  format: string,
  bytes: number,
  { what }: DecompressOptions,
  cause?: unknown,
): OrbaxError {
  const message = `${what}: ${format} content of up to ${bytes} bytes is more than this platform can hold`;
  return new OrbaxError("UNSUPPORTED", message, {}, { cause });
}

/** @throws {OrbaxError} `UNSUPPORTED` where no array can have so many bytes. */
export function allocateContent(format: string, bytes: number, options: DecompressOptions): Uint8Array {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    if (cause instanceof RangeError) throw contentTooLarge(format, bytes, options, cause);
    throw cause;
  }
}
