import { describe, expect, it } from "vitest";
import { decodeFooter, decodePostscript } from "../../src/records/array-record-footer.js";
import type { ChunkRecords } from "../../src/records/riegeli/chunk-records.js";
import { failure } from "../failure.js";

/** `footer_offset` 0x10040 and the magic number, as the real writer writes them. */
const POSTSCRIPT = [0x08, 0xc0, 0x80, 0x04, 0x10, 0xde, 0xc0, 0xeb, 0xfe, 0x84, 0xce, 0xc3, 0xc9, 0x71];

describe("the postscript of an ArrayRecord file", () => {
  it("tells where the footer is", () => {
    expect(decodePostscript(Uint8Array.from(POSTSCRIPT))).toBe(0x10040);
  });

  it.each([
    ["another magic number", [...POSTSCRIPT.slice(0, -1), 0x72]],
    ["no magic number", POSTSCRIPT.slice(0, 4)],
    ["no offset", POSTSCRIPT.slice(4)],
    ["an offset inside the file's signature", [0x08, 63, ...POSTSCRIPT.slice(4)]],
    ["an offset beyond 2^53", [0x08, ...Array.from({ length: 9 }, () => 0xff), 1, ...POSTSCRIPT.slice(4)]],
    ["a group, which no message has", [0x0b]],
    ["a field that is cut", [0x0a, 5, 1]],
  ])("with %s is damaged", (_, bytes) => {
    expect(() => decodePostscript(Uint8Array.from(bytes))).toThrow(failure("DATA_LOSS"));
  });
});

const FOOTER_OFFSET = 1000;

/** Metadata: version, chunks, records, writer options. */
function metadata(version: number, chunks: number, records: number, options = ""): number[] {
  const text = [...new TextEncoder().encode(options)];
  const inner = [
    0x08,
    version,
    0x10,
    chunks,
    0x18,
    records,
    ...(text.length > 0 ? [0x22, text.length, ...text] : []),
  ];
  return [0x0a, inner.length, ...inner];
}

/** Entry of a chunk: offset, decoded size, records. */
const entry = (offset: number, records: number) => [0x08, offset, 0x10, 9, 0x18, records];

function footer(...records: number[][]): ChunkRecords {
  let end = 0;
  const ends = records.map(({ length }) => (end += length));
  return { values: Uint8Array.from(records.flat()), ends: Float64Array.from(ends) };
}

describe("the footer of an ArrayRecord file", () => {
  it("tells where each chunk is", () => {
    const records = footer(metadata(1, 2, 5, "group_size:3"), entry(64, 3), entry(100, 2));
    expect(decodeFooter(records, FOOTER_OFFSET)).toEqual({
      records: 5,
      groupSize: 3,
      chunkOffsets: Float64Array.of(64, 100, FOOTER_OFFSET),
      writerOptions: "group_size:3",
    });
  });

  it("of a file without records has no chunk", () => {
    expect(decodeFooter(footer(metadata(1, 0, 0)), FOOTER_OFFSET)).toEqual({
      records: 0,
      groupSize: 0,
      chunkOffsets: Float64Array.of(FOOTER_OFFSET),
      writerOptions: undefined,
    });
  });

  it.each([
    ["without metadata", footer()],
    ["with other metadata", footer([0x12, 0])],
    ["with fewer entries than chunks", footer(metadata(1, 2, 3), entry(64, 3))],
    ["with more entries than chunks", footer(metadata(1, 0, 3), entry(64, 3))],
    ["with another number of records", footer(metadata(1, 1, 4), entry(64, 3))],
    ["with a chunk inside the signature", footer(metadata(1, 1, 3), entry(63, 3))],
    ["with a chunk behind the footer", footer(metadata(1, 1, 3), [0x08, 0xe8, 0x07, 0x18, 3])],
    ["with chunks that do not ascend", footer(metadata(1, 2, 6), entry(64, 3), entry(64, 3))],
    ["with a short chunk before the last", footer(metadata(1, 2, 5), entry(64, 2), entry(100, 3))],
    ["with a chunk without records", footer(metadata(1, 1, 0), entry(64, 0))],
    ["with a last chunk without records", footer(metadata(1, 2, 3), entry(64, 3), entry(100, 0))],
    ["with an entry without offset", footer(metadata(1, 1, 3), [0x18, 3])],
  ])("%s is damaged", (_, records) => {
    expect(() => decodeFooter(records, FOOTER_OFFSET)).toThrow(failure("DATA_LOSS"));
  });

  it("of another version is not supported", () => {
    expect(() => decodeFooter(footer(metadata(2, 0, 0)), FOOTER_OFFSET)).toThrow(
      failure("UNSUPPORTED", { field: "version" }),
    );
  });
});
