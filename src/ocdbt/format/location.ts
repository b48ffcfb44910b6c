import type { ByteReader, ByteWriter } from "../../bytes/cursor.js";
import { decodeFileIds, decodeNumbers, encodeVarints } from "./columns.js";

/** Ranges of data files, by column: three columns of one table (docs/spec/ocdbt.md sections 6 and 7). */
export type Locations = {
  /** Index into the data file table of the same body. */
  readonly fileIds: Uint32Array;
  readonly offsets: Float64Array;
  readonly lengths: Float64Array;
};

/** One range of a data file. */
export type Location = { readonly fileId: number; readonly offset: number; readonly length: number };

/** Row `index`. */
export function locationAt({ fileIds, offsets, lengths }: Locations, index: number): Location {
  return { fileId: fileIds[index] ?? 0, offset: offsets[index] ?? 0, length: lengths[index] ?? 0 };
}

/** Columns for `count` rows, to be filled. */
export function emptyLocations(count: number): Locations {
  return {
    fileIds: new Uint32Array(count),
    offsets: new Float64Array(count),
    lengths: new Float64Array(count),
  };
}

/** Columns of the given rows. */
export function locationsOf(rows: readonly Location[]): Locations {
  const locations = emptyLocations(rows.length);
  for (const [index, { fileId, offset, length }] of rows.entries()) {
    locations.fileIds[index] = fileId;
    locations.offsets[index] = offset;
    locations.lengths[index] = length;
  }
  return locations;
}

/**
 * Reads data_file_id, offset and length. The missing root of an empty tree, which only a version list may have,
 * is not among them: offsets are safe integers.
 *
 * @throws {OrbaxError} `DATA_LOSS` for a file that is not in the table or a range beyond 2^53.
 */
export function decodeLocations(reader: ByteReader, count: number, fileCount: number): Locations {
  return {
    fileIds: decodeFileIds(reader, count, fileCount),
    offsets: decodeNumbers(reader, count, "offset"),
    lengths: decodeNumbers(reader, count, "length"),
  };
}

/** Writes what {@link decodeLocations} reads. */
export function encodeLocations(writer: ByteWriter, { fileIds, offsets, lengths }: Locations): void {
  encodeVarints(writer, fileIds);
  encodeVarints(writer, offsets);
  encodeVarints(writer, lengths);
}
