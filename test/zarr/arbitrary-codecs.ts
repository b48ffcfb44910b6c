import * as fc from "fast-check";
import type { BytesCodec, ChunkCodec, ShardingSerializer } from "../../src/zarr/codecs.js";

/** Any order of axes, any byte order, up to two checksums. */
function plainCodecs(rank: number): fc.Arbitrary<ChunkCodec> {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return fc.record({
    axisOrder: fc.shuffledSubarray(axes, { minLength: rank, maxLength: rank }),
    serializer: fc.record({
      kind: fc.constant("bytes" as const),
      byteOrder: fc.constantFrom("little", "big"),
    }),
    compressors: fc.array(fc.constant<BytesCodec>({ kind: "crc32c" }), { maxLength: 2 }),
  });
}

function divisorsOf(size: number): number[] {
  return Array.from({ length: size }, (_, at) => at + 1).filter((part) => size % part === 0);
}

/**
 * Any codec of a chunk that this package writes without an encoder of zstd.
 *
 * @param levels Of shards inside each other.
 * @param compressShards Whether checksums may stand behind a shard too, which TensorStore does not read.
 */
export function chunkCodecs(
  shape: readonly number[],
  levels: number,
  compressShards: boolean,
): fc.Arbitrary<ChunkCodec> {
  const plain = plainCodecs(shape.length);
  if (levels === 0) return plain;
  return plain.chain(({ axisOrder, compressors }) => {
    const stored = axisOrder.map((axis) => shape[axis] ?? 1);
    return fc.tuple(...stored.map((size) => fc.constantFrom(...divisorsOf(size)))).chain((chunkShape) =>
      fc
        .record<ShardingSerializer>({
          kind: fc.constant("sharding"),
          chunkShape: fc.constant(chunkShape),
          inner: chunkCodecs(chunkShape, levels - 1, compressShards),
          index: plainCodecs(shape.length + 1),
          indexLocation: fc.constantFrom("start", "end"),
        })
        .map((serializer): ChunkCodec => {
          return { axisOrder, serializer, compressors: compressShards ? compressors : [] };
        }),
    );
  });
}
