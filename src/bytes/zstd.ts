import { nativeZstd } from "#native-zstd";
import { dataLoss, limitExceeded, OrbaxError } from "../errors.js";
import type { ZstdDecoder, ZstdEncoder } from "./zstd-engine.js";
import { walkZstdFrame, type ZstdFrame } from "./zstd-frame.js";

/** What is known about a frame before it is decoded. */
export type ZstdDecompressOptions = {
  /** Structure that the frame stands for, for messages. */
  readonly what: string;
  /** Most bytes that the content may have. */
  readonly limit: number;
  /** Name of that limit in `limits.ts`, for messages. */
  readonly limitName: string;
  /** Bytes that the content must have, where they are known from elsewhere. */
  readonly size?: number;
};

/** zstd on this platform. All work is synchronous. */
export type Zstd = {
  /**
   * The content of exactly one frame that fills `frame`. The array is the caller's own, begins at byte 0 of its
   * buffer and ends with it, so that any typed array can be made over it.
   *
   * @throws {OrbaxError} `DATA_LOSS` damaged, cut, followed by anything, checksum or length wrong ·
   *   `LIMIT_EXCEEDED` longer than `limit`, found out before memory is taken wherever the headers say so ·
   *   `UNSUPPORTED` a dictionary, a window over 128 MiB, or more than this platform can hold.
   */
  decompress(frame: Uint8Array, options: ZstdDecompressOptions): Uint8Array;
  /** Makes one frame, with content size, at any level; undefined where the platform has no encoder. */
  readonly compress: ZstdEncoder | undefined;
};

/** Low half of the XXH64 (seed 0) of no bytes at all. */
const EMPTY_CHECKSUM = 0x51d8e999;

let loaded: Promise<Zstd> | undefined;

/**
 * The fastest zstd that there is: Node's own from 22.15 on, else a WebAssembly module, which is loaded at the first
 * call. Call it when there is something to decompress; who only writes asks {@link zstdEncoder}.
 *
 * @throws {OrbaxError} `UNSUPPORTED` where the module cannot be loaded.
 */
export function loadZstd(): Promise<Zstd> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Zstd> {
  const engine = nativeZstd() ?? (await (await import("./wasm-zstd.js")).loadWasmZstd());
  return {
    decompress: (frame, options) => decompressZstd(engine.decompress, frame, options),
    compress: engine.compress,
  };
}

/** {@link Zstd.compress} without loading anything. */
export function zstdEncoder(): ZstdEncoder | undefined {
  return nativeZstd()?.compress;
}

/**
 * {@link Zstd.decompress} with a given decoder. Decoders differ in what they let through; the walk over the headers
 * before and the comparison of lengths after make them agree.
 */
export function decompressZstd(
  decode: ZstdDecoder,
  frame: Uint8Array,
  options: ZstdDecompressOptions,
): Uint8Array {
  const { what, limit } = options;
  const walked = walkZstdFrame(frame, what);
  const { minContentBytes, maxContentBytes } = walked;
  const size = expectedSize(walked, options);
  if ((size ?? minContentBytes) > limit) throw overLimit(size ?? `at least ${minContentBytes}`, options);
  if (maxContentBytes === 0) return emptyContent(walked, what);
  const fit = size !== undefined ? "exact" : maxContentBytes <= limit ? "within" : "unknown";
  const content = decode(frame, { capacity: size ?? Math.min(maxContentBytes, limit), fit });
  if (!(content instanceof Uint8Array)) {
    if (content.failure === "too large") throw tooLarge(size ?? maxContentBytes, what, content.cause);
    if (content.failure === "too long" && fit === "unknown") throw overLimit(`more than ${limit}`, options);
    throw dataLoss(`${what}: damaged zstd frame`, {}, content.cause);
  }
  if (content.length !== (size ?? content.length) || content.length < minContentBytes) {
    throw wrongSize(content.length, size ?? `at least ${minContentBytes}`, what);
  }
  return content;
}

/** Length of the content, if anything tells it. */
function expectedSize(walked: ZstdFrame, { what, size }: ZstdDecompressOptions): number | undefined {
  const { contentSize, minContentBytes, maxContentBytes } = walked;
  const known = contentSize ?? (minContentBytes === maxContentBytes ? maxContentBytes : undefined);
  if (size === undefined) return known;
  if (known !== undefined && known !== size) throw wrongSize(known, size, what);
  if (size < minContentBytes) throw wrongSize(`at least ${minContentBytes}`, size, what);
  if (size > maxContentBytes) throw wrongSize(`at most ${maxContentBytes}`, size, what);
  return size;
}

/** Nothing is there to decode, and an empty result is what `zstddec` gives for errors too. */
function emptyContent({ checksum }: ZstdFrame, what: string): Uint8Array {
  if (checksum !== undefined && checksum !== EMPTY_CHECKSUM) {
    throw dataLoss(what, { field: "zstd checksum", found: checksum, expected: `${EMPTY_CHECKSUM}` });
  }
  return new Uint8Array(0);
}

function wrongSize(found: number | string, expected: number | string, what: string): OrbaxError {
  return dataLoss(what, { field: "zstd content size", found, expected: `${expected} bytes` });
}

function overLimit(found: number | string, { what, limit, limitName }: ZstdDecompressOptions): OrbaxError {
  return limitExceeded(what, {
    field: "zstd content size",
    found,
    expected: `at most ${limit} bytes`,
    limit: limitName,
  });
}

function tooLarge(bytes: number, what: string, cause: unknown): OrbaxError {
  const message = `${what}: zstd content of up to ${bytes} bytes is more than this platform can hold`;
  return new OrbaxError("UNSUPPORTED", message, {}, { cause });
}
