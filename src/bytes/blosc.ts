import { dataLoss } from "../errors.js";
import {
  BLOSC_HEADER_BYTES,
  type BloscBlock,
  type BloscCompressor,
  type BloscHeader,
  checkBloscBlocks,
  countBloscBlocks,
  readBloscBlock,
  readBloscHeader,
} from "./blosc-chunk.js";
import { unshuffleBits, unshuffleBytes } from "./blosc-shuffle.js";
import { decodeBlosclz } from "./blosclz.js";
import { ByteReader } from "./cursor.js";
import {
  allocateContent,
  type Decompress,
  type DecompressOptions,
  overLimit,
  wrongContentSize,
} from "./decompressor.js";
import { decodeLz4Block } from "./lz4.js";
import { decodeSnappy } from "./snappy.js";
import { loadZlib } from "./zlib.js";
import { loadZstd } from "./zstd.js";

/** Decodes `packed` into all of `target`; false, or an error, if that is damaged. */
type Unpack = (packed: Uint8Array, target: Uint8Array, what: string) => boolean;
type Unpackers = Readonly<Record<BloscCompressor, Unpack>>;

let loaded: Promise<Decompress> | undefined;

/**
 * Blosc chunks of c-blosc 1, as the zarr v2 compressor and the zarr v3 codec `blosc` make them, whatever
 * compressor they name inside (docs/spec/orbax-layout.md sections 11 and 12). Decoded here, and with this package's
 * zlib and zstd: c-blosc as WebAssembly hands out memory of its own for damaged chunks, without an error.
 */
export function loadBlosc(): Promise<Decompress> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Decompress> {
  const [zlib, zstd] = await Promise.all([
    loadZlib(),
    // Chunks that have no zstd inside can be read without it, so its failure waits for one that has.
    loadZstd().catch(
      (error: unknown): Decompress =>
        () => {
          throw error;
        },
    ),
  ]);
  const unpackers = {
    blosclz: decodeBlosclz,
    lz4: decodeLz4Block,
    snappy: decodeSnappy,
    zlib: unpackWith(zlib),
    zstd: unpackWith(zstd),
  };
  return (stored, options) => decompressBlosc(unpackers, stored, options);
}

function unpackWith(decompress: Decompress): Unpack {
  return (packed, target, what) => {
    const { length } = target;
    target.set(decompress(packed, { what, limit: length, limitName: "arrayBytes", size: length }));
    return true;
  };
}

/** Blosc's header names the length of the content, and nothing checks the content itself. */
function decompressBlosc(unpackers: Unpackers, stored: Uint8Array, options: DecompressOptions): Uint8Array {
  const { what, limit, size } = options;
  const reader = new ByteReader(stored, what);
  const header = readBloscHeader(reader);
  const { contentBytes } = header;
  if (size !== undefined && contentBytes !== size) throw wrongContentSize("Blosc", contentBytes, options);
  if (contentBytes > limit) throw overLimit("Blosc", contentBytes, options);
  if (contentBytes === 0) return new Uint8Array(0);
  if (header.copied) return copiedContent(stored, header, what);
  checkBloscBlocks(reader, header);
  const content = allocateContent("Blosc", contentBytes, options);
  const shuffled = allocateContent("Blosc", header.shuffle === "none" ? 0 : header.blockBytes, options);
  const count = countBloscBlocks(header);
  for (let index = 0; index < count; index++) {
    const block = readBloscBlock(reader, header, index);
    decodeBlock(stored, block, header, {
      unpack: unpackers[header.compressor],
      target: content.subarray(block.start, block.end),
      shuffled: shuffled.subarray(0, block.end - block.start),
      what,
    });
  }
  return content;
}

function copiedContent(stored: Uint8Array, { contentBytes }: BloscHeader, what: string): Uint8Array {
  const found = stored.length - BLOSC_HEADER_BYTES;
  if (found === contentBytes) return new Uint8Array(stored.subarray(BLOSC_HEADER_BYTES));
  throw dataLoss(what, { field: "Blosc content size", found, expected: `${contentBytes} bytes` });
}

/** Where a block goes to: through `shuffled`, which is as long as `target`, if the chunk is shuffled. */
type Destination = {
  readonly unpack: Unpack;
  readonly target: Uint8Array;
  readonly shuffled: Uint8Array;
  readonly what: string;
};

function decodeBlock(
  stored: Uint8Array,
  { parts }: BloscBlock,
  { compressor, shuffle, typesize }: BloscHeader,
  { unpack, target, shuffled, what }: Destination,
): void {
  const unpacked = shuffle === "none" ? target : shuffled;
  let at = 0;
  for (const { start, end, length } of parts) {
    const packed = stored.subarray(start, end);
    const part = unpacked.subarray(at, at + length);
    if (packed.length === length) part.set(packed);
    else if (!unpack(packed, part, what)) {
      throw dataLoss(what, { offset: start, found: `damaged ${compressor} data`, expected: "sound data" });
    }
    at += length;
  }
  if (shuffle === "bytes") unshuffleBytes(shuffled, target, typesize);
  if (shuffle === "bits") unshuffleBits(shuffled, target, typesize);
}
