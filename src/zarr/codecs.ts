import type { Decompress } from "../bytes/decompressor.js";

/** How bytes become other bytes, as the file's metadata says. Only what decoding needs to know has an effect. */
export type BytesCodec =
  | { readonly kind: "zstd"; readonly level: number; readonly checksum: boolean }
  | { readonly kind: "zlib" | "gzip" | "bz2"; readonly level: number }
  | BloscCodec
  | { readonly kind: "crc32c" };

/** The compressors within Blosc. */
export const BLOSC_COMPRESSORS = ["blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd"] as const;

/** Blosc's parameters; the stored bytes say them once more. */
export type BloscCodec = {
  readonly kind: "blosc";
  /** Name of the compressor within, e.g. `lz4`. */
  readonly cname: (typeof BLOSC_COMPRESSORS)[number];
  readonly clevel: number;
  /** As zarr v2 numbers them; -1 leaves it to the size of an element. */
  readonly shuffle: -1 | 0 | 1 | 2;
  /** Bytes that are shuffled together; `undefined` in zarr v2, where it is the size of an element. */
  readonly typesize: number | undefined;
  readonly blocksize: number;
};

/** How elements of one chunk become its stored bytes. zarr v2's order F is a reversed `axisOrder`. */
export type ChunkCodec = {
  /** Axes of the chunk in stored order, outermost first; 0, 1, 2, … is C order. */
  readonly axisOrder: readonly number[];
  /** What makes bytes of the elements in that order. */
  readonly serializer: BytesSerializer | ShardingSerializer;
  /** In the order of encoding. */
  readonly compressors: readonly BytesCodec[];
};

/** Elements one after the other. */
export type BytesSerializer = {
  readonly kind: "bytes";
  /** Order of the bytes of a word; `little` where a word is one byte. */
  readonly byteOrder: "little" | "big";
};

/** A chunk cut into inner chunks, with an index of where each lies (docs/spec/orbax-layout.md section 12). */
export type ShardingSerializer = {
  readonly kind: "sharding";
  /** Sizes of every inner chunk, which divide those of the shard, by axis in stored order. */
  readonly chunkShape: readonly number[];
  readonly inner: ChunkCodec;
  /** Of the index, an array of uint64 with an axis of 2 behind the grid's; its size as stored is fixed. */
  readonly index: ChunkCodec;
  readonly indexLocation: "start" | "end";
};

/** Elements one after the other, little-endian, in C order; uncompressed unless `compressors` says else. */
export function plainCodec(rank: number, compressors: readonly BytesCodec[] = []): ChunkCodec {
  return {
    axisOrder: Array.from({ length: rank }, (_, axis) => axis),
    serializer: { kind: "bytes", byteOrder: "little" },
    compressors,
  };
}

/** Decompressors that are loaded, by the codec's kind. */
export type Codecs = { readonly [K in Exclude<BytesCodec["kind"], "crc32c">]?: Decompress | undefined };

/** Each in a module of its own, so that who needs none of them loads none. */
const LOADERS: { readonly [K in keyof Codecs]-?: () => Promise<Decompress> } = {
  zstd: async () => (await import("../bytes/zstd.js")).loadZstd(),
  zlib: async () => (await import("../bytes/zlib.js")).loadZlib(),
  gzip: async () => (await import("../bytes/gzip.js")).loadGzip(),
  bz2: async () => (await import("../bytes/bz2.js")).loadBz2(),
  blosc: async () => (await import("../bytes/blosc.js")).loadBlosc(),
};

/**
 * Loads the decompressors that some arrays need, and nothing else. All that they do afterwards is synchronous.
 *
 * @throws {OrbaxError} `UNSUPPORTED` where a decompressor cannot be loaded.
 */
export async function loadCodecs(arrays: Iterable<{ readonly codec: ChunkCodec }>): Promise<Codecs> {
  const kinds = new Set<keyof Codecs>();
  for (const { codec } of arrays) collectKinds(codec, kinds);
  const loaded = Array.from(kinds, async (kind) => [kind, await LOADERS[kind]()] as const);
  return Object.fromEntries(await Promise.all(loaded));
}

function collectKinds({ serializer, compressors }: ChunkCodec, kinds: Set<keyof Codecs>): void {
  for (const { kind } of compressors) {
    if (kind !== "crc32c") kinds.add(kind);
  }
  if (serializer.kind === "sharding") collectKinds(serializer.inner, kinds);
}
