import type { BytesCodec, ChunkCodec, ShardingSerializer } from "../../src/zarr/codecs.js";
import type { ArrayMetadata } from "../../src/zarr/metadata.js";

/** What {@link plainMetadata} can be told. */
export type PlainMetadata = Partial<Omit<ArrayMetadata, "codec">> & PlainCodec;

export type PlainCodec = {
  readonly byteOrder?: "little" | "big";
  readonly order?: "C" | "F" | readonly number[];
  readonly compressors?: readonly BytesCodec[];
};

/** An int16 array of 4 × 6 in chunks of 2 × 6, uncompressed, but for what differs. */
export function plainMetadata({
  byteOrder,
  order,
  compressors,
  ...changes
}: PlainMetadata = {}): ArrayMetadata {
  const plain = {
    zarr: 2,
    shape: [4, 6],
    chunkShape: [2, 6],
    dtype: "int16",
    fillValue: undefined,
    chunkKeys: { name: "v2", separator: "." },
  } as const;
  const { chunkShape } = { ...plain, ...changes };
  const codec = plainCodec(chunkShape.length, {
    ...(byteOrder && { byteOrder }),
    ...(order && { order }),
    ...(compressors && { compressors }),
  });
  return { ...plain, ...changes, codec };
}

/** Elements one after the other, little-endian, in C order, uncompressed, but for what differs. */
export function plainCodec(
  rank: number,
  { byteOrder = "little", order = "C", compressors = [] }: PlainCodec = {},
): ChunkCodec {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  const axisOrder = order === "C" ? axes : order === "F" ? axes.reverse() : order;
  return { axisOrder, serializer: { kind: "bytes", byteOrder }, compressors };
}

/** A shard as Orbax cuts it: index with CRC-32C at the end. */
export function sharding(
  chunkShape: readonly number[],
  changes: Partial<ShardingSerializer> = {},
): ShardingSerializer {
  return {
    kind: "sharding",
    chunkShape,
    inner: plainCodec(chunkShape.length),
    index: plainCodec(chunkShape.length + 1, { compressors: [{ kind: "crc32c" }] }),
    indexLocation: "end",
    ...changes,
  };
}
