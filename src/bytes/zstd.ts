import { nativeZstd } from "#native-zstd";
import { dataLoss } from "../errors.js";
import {
  contentTooLarge,
  type Decompress,
  type DecompressOptions,
  overLimit,
  wrongContentSize,
} from "./decompressor.js";
import type { ZstdDecoder, ZstdEncoder } from "./zstd-engine.js";
import { walkZstdFrame, type ZstdFrame } from "./zstd-frame.js";

const FORMAT = "zstd"; // in messages
/** Low half of the XXH64 (seed 0) of no bytes at all. */
const EMPTY_CHECKSUM = 0x51d8e999;

let loaded: Promise<Decompress> | undefined;

/**
 * zstd frames (RFC 8878), by the fastest decoder that there is: Node's own from 22.15 on, else a WebAssembly module,
 * which is loaded at the first call. Call it when there is something to decompress; who only writes asks
 * {@link zstdEncoder}.
 *
 * @throws {OrbaxError} `UNSUPPORTED` where the module cannot be loaded.
 */
export function loadZstd(): Promise<Decompress> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Decompress> {
  const engine = nativeZstd() ?? (await (await import("./wasm-zstd.js")).loadWasmZstd());
  return (frame, options) => decompressZstd(engine.decompress, frame, options);
}

/** Makes frames; `undefined` where the platform has no encoder. Loads nothing. */
export function zstdEncoder(): ZstdEncoder | undefined {
  return nativeZstd()?.compress;
}

/**
 * The content of exactly one frame with a given decoder. Decoders differ in what they let through; the walk over the
 * headers before and the comparison of lengths after make them agree. What is over the limit is found out before memory
 * is taken, wherever the headers say so.
 *
 * @throws {OrbaxError} As {@link Decompress}; `UNSUPPORTED` for a dictionary, or a window over 128 MiB.
 */
export function decompressZstd(
  decode: ZstdDecoder,
  frame: Uint8Array,
  options: DecompressOptions,
): Uint8Array {
  const { what, limit } = options;
  const walked = walkZstdFrame(frame, what);
  const { minContentBytes, maxContentBytes } = walked;
  const size = expectedSize(walked, options);
  if ((size ?? minContentBytes) > limit) {
    throw overLimit(FORMAT, size ?? `at least ${minContentBytes}`, options);
  }
  if (maxContentBytes === 0) return emptyContent(walked, what);
  const fit = size !== undefined ? "exact" : maxContentBytes <= limit ? "within" : "unknown";
  const content = decode(frame, { capacity: size ?? Math.min(maxContentBytes, limit), fit });
  if (!(content instanceof Uint8Array)) {
    if (content.failure === "too large") {
      throw contentTooLarge(FORMAT, size ?? maxContentBytes, options, content.cause);
    }
    if (content.failure === "too long" && fit === "unknown") {
      throw overLimit(FORMAT, `more than ${limit}`, options);
    }
    throw dataLoss(`${what}: damaged zstd frame`, {}, content.cause);
  }
  if (content.length !== (size ?? content.length) || content.length < minContentBytes) {
    throw wrongContentSize(FORMAT, content.length, { what, size: size ?? `at least ${minContentBytes}` });
  }
  return content;
}

/** Length of the content, if anything tells it. */
function expectedSize(walked: ZstdFrame, options: DecompressOptions): number | undefined {
  const { size } = options;
  const { contentSize, minContentBytes, maxContentBytes } = walked;
  const wrong = (found: number | string) => wrongContentSize(FORMAT, found, options);
  const known = contentSize ?? (minContentBytes === maxContentBytes ? maxContentBytes : undefined);
  if (size === undefined) return known;
  if (known !== undefined && known !== size) throw wrong(known);
  if (size < minContentBytes) throw wrong(`at least ${minContentBytes}`);
  if (size > maxContentBytes) throw wrong(`at most ${maxContentBytes}`);
  return size;
}

/** Nothing is there to decode, and an empty result is what `zstddec` gives for errors too. */
function emptyContent({ checksum }: ZstdFrame, what: string): Uint8Array {
  if (checksum !== undefined && checksum !== EMPTY_CHECKSUM) {
    throw dataLoss(what, { field: "zstd checksum", found: checksum, expected: `${EMPTY_CHECKSUM}` });
  }
  return new Uint8Array(0);
}
