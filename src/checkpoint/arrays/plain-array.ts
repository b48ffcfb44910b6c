import { clampRange } from "../../storage/byte-range.js";
import type { ReadableStorage } from "../../storage/storage.js";
import { littleEndianBytes } from "../../zarr/byte-order.js";
import { dtypeRow } from "../../zarr/dtype.js";
import { type ArrayMetadata, plainMetadata } from "../../zarr/metadata.js";
import type { NdArray } from "../../zarr/nd-array.js";

/** An array that is in memory already, as a store rooted at it with the metadata of its one chunk. */
export function plainArray({ dtype, shape, data }: NdArray): {
  readonly store: ReadableStorage;
  readonly metadata: ArrayMetadata;
} {
  const bytes = littleEndianBytes(data, dtypeRow(dtype).wordBytes);
  return {
    metadata: plainMetadata(dtype, shape),
    store: {
      get: async () => bytes,
      getRange: async (_key, range) => {
        const { offset, length } = clampRange(range, bytes.length);
        return bytes.subarray(offset, offset + length);
      },
    },
  };
}
