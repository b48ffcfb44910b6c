import type { ByteReader, ByteWriter } from "../../bytes/cursor.js";
import { dataLoss } from "../../errors.js";

/**
 * Arrays are stored by column: all values of one field, then all of the next (docs/spec/ocdbt.md section 2).
 * These helpers read one column; every count is bounded by the bytes left before anything is allocated.
 */

/** What a count may be; `bytesEach`: what an element takes at least, further on. */
export type CountBounds = { readonly least: number; readonly most: number; readonly bytesEach: number };

/**
 * Reads a number of elements from a 64-bit field.
 *
 * @throws {OrbaxError} `DATA_LOSS` if it is out of range or its elements cannot fit into what is left.
 */
export function decodeCount(reader: ByteReader, field: string, bounds: CountBounds): number {
  const offset = reader.offset;
  return checkCount(reader, { offset, field, found: reader.varint53(field) }, bounds);
}

/** As {@link decodeCount} from a 32-bit field. */
export function decodeCount32(reader: ByteReader, field: string, bounds: CountBounds): number {
  const offset = reader.offset;
  return checkCount(reader, { offset, field, found: reader.varint32(field) }, bounds);
}

function checkCount(
  { what, remaining }: ByteReader,
  count: { readonly offset: number; readonly field: string; readonly found: number },
  { least, most, bytesEach }: CountBounds,
): number {
  const { found } = count;
  if (found < least || found > most) throw dataLoss(what, { ...count, expected: `${least} to ${most}` });
  const fitting = Math.floor(remaining / bytesEach);
  if (found > fitting) {
    throw dataLoss(what, { ...count, expected: `at most ${fitting}, as ${remaining} bytes are left` });
  }
  return found;
}

/** Offsets, lengths and sizes: safe integers. */
export function decodeNumbers(reader: ByteReader, count: number, field: string): Float64Array {
  const column = new Float64Array(count);
  for (let index = 0; index < count; index++) column[index] = reader.varint53(field);
  return column;
}

/** 64-bit fields whose whole range has a meaning. */
export function decodeBigints(reader: ByteReader, count: number, field: string): BigUint64Array {
  const column = new BigUint64Array(count);
  for (let index = 0; index < count; index++) column[index] = reader.varint64(field);
  return column;
}

/** Times: 8 bytes each, nanoseconds since 1970. */
export function decodeTimes(reader: ByteReader, count: number, field: string): BigUint64Array {
  const column = new BigUint64Array(count);
  for (let index = 0; index < count; index++) column[index] = reader.u64le(field);
  return column;
}

/**
 * Indices into the data file table of the same body.
 *
 * @throws {OrbaxError} `DATA_LOSS` for an index without an entry.
 */
export function decodeFileIds(reader: ByteReader, count: number, fileCount: number): Uint32Array {
  const column = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    const offset = reader.offset;
    const id = reader.varint53("data_file_id");
    if (id >= fileCount) {
      throw dataLoss(reader.what, {
        offset,
        field: "data_file_id",
        found: id,
        expected: `less than ${fileCount}, the number of data files`,
      });
    }
    column[index] = id;
  }
  return column;
}

/** Writes one column of varints. */
export function encodeVarints(writer: ByteWriter, column: Iterable<number | bigint>): void {
  for (const value of column) writer.varint(value);
}
