import { ByteReader } from "../bytes/cursor.js";
import { dataLoss } from "../errors.js";

/** The lower three bits of a tag (protobuf encoding, "Message structure"). */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/**
 * Calls `visit` for each field of a protobuf message, in its order: a bigint for numbers, a view for what has a length.
 *
 * @throws {OrbaxError} `DATA_LOSS` for what is no message; groups, which are long out of use, count as that.
 */
export function decodeFields(
  message: Uint8Array,
  what: string,
  visit: (field: number, value: bigint | Uint8Array) => void,
): void {
  const reader = new ByteReader(message, what);
  while (reader.remaining > 0) {
    const { offset } = reader;
    const tag = reader.varint32("tag");
    visit(Math.floor(tag / 8), decodeValue(reader, tag % 8, offset));
  }
}

function decodeValue(reader: ByteReader, wireType: number, offset: number): bigint | Uint8Array {
  switch (wireType) {
    case VARINT:
      return reader.varint64("field");
    case FIXED64:
      return reader.u64le("field");
    case LENGTH_DELIMITED:
      return reader.take(reader.varint53("length"), "field");
    case FIXED32:
      return BigInt(reader.u32le("field"));
    default:
      throw dataLoss(reader.what, { offset, field: "wire type", found: wireType, expected: "0, 1, 2 or 5" });
  }
}
