import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../../../src/bytes/cursor.js";
import {
  decodeLocations,
  encodeLocations,
  type Location,
  locationAt,
  locationsOf,
} from "../../../src/ocdbt/format/location.js";
import { hex, varint } from "../bytes.js";
import { damage } from "../errors.js";

const rows: Location[] = [
  { fileId: 0, offset: 0, length: 32 },
  { fileId: 2, offset: 300, length: Number.MAX_SAFE_INTEGER },
];
const bytes = hex(`00 02   00 ac02   20 ${varint(Number.MAX_SAFE_INTEGER)}`);

describe("locations", () => {
  it("are read and written by column", () => {
    const reader = new ByteReader(bytes, "B+tree node");
    const locations = decodeLocations(reader, 2, 3);
    reader.end();
    expect([locationAt(locations, 0), locationAt(locations, 1)]).toEqual(rows);
    const writer = new ByteWriter();
    encodeLocations(writer, locationsOf(rows));
    expect(writer.finish()).toEqual(bytes);
  });

  it("refuse a file that is not in the table", () => {
    expect(() => decodeLocations(new ByteReader(bytes, "B+tree node"), 2, 2)).toThrow(
      damage({ field: "data_file_id", found: 2, offset: 1 }),
    );
  });

  it("refuse the missing root of an empty tree", () => {
    const missing = hex(`00   ${varint(2n ** 64n - 1n)} ${varint(2n ** 64n - 1n)}`);
    expect(() => decodeLocations(new ByteReader(missing, "B+tree node"), 1, 1)).toThrow(
      damage({ field: "offset", found: 2n ** 64n - 1n }),
    );
  });

  it("refuse a length over 2^53", () => {
    const long = hex(`00   00   ${varint(2n ** 62n)}`);
    expect(() => decodeLocations(new ByteReader(long, "B+tree node"), 1, 1)).toThrow(
      damage({ field: "length", found: 2n ** 62n }),
    );
  });
});
