import { nativeZlib } from "#native-zlib";
import { dataLoss } from "../errors.js";
import {
  checkContentSize,
  contentCapacity,
  contentTooLarge,
  contentTooLong,
  type Decompress,
  type DecompressOptions,
} from "./decompressor.js";
import type { ZlibEngine } from "./zlib-engine.js";

/** Two bits can stand for 258 bytes, and nothing for more (RFC 1951 section 3.2.5). */
const MOST_BYTES_A_BYTE = 1032;

let loaded: Promise<ZlibEngine> | undefined;

/** deflate on this platform: Node's own, else one in JavaScript, which is loaded at the first call. */
export function loadZlibEngine(): Promise<ZlibEngine> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<ZlibEngine> {
  return nativeZlib() ?? (await import("./zlib-fflate.js")).loadFflate();
}

/** The loader of a format around deflate: its first call loads the engine with which `decompress` works. */
export function deflateLoader(
  decompress: (engine: ZlibEngine, stored: Uint8Array, options: DecompressOptions) => Uint8Array,
): () => Promise<Decompress> {
  let loader: Promise<Decompress> | undefined;
  return () => {
    loader ??= loadZlibEngine().then((engine) => (stored, options) => decompress(engine, stored, options));
    return loader;
  };
}

/**
 * The content of one deflate stream, which fills `deflated`.
 *
 * @param format What the stream is wrapped in, for messages.
 * @throws {OrbaxError} As `Decompress` does.
 */
export function inflateContent(
  engine: ZlibEngine,
  format: string,
  deflated: Uint8Array,
  options: DecompressOptions,
): Uint8Array {
  const capacity = contentCapacity(format, deflated.length * MOST_BYTES_A_BYTE, options);
  const content = engine.inflate(deflated, { capacity, exact: options.size !== undefined });
  if (!(content instanceof Uint8Array)) {
    if (content.failure === "too long") throw contentTooLong(format, options);
    if (content.failure === "too large") throw contentTooLarge(format, capacity, options, content.cause);
    throw dataLoss(`${options.what}: damaged ${format} stream`, {}, content.cause);
  }
  if (content.length > capacity) throw contentTooLong(format, options);
  checkContentSize(format, content, options);
  return content;
}
