import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isOrbaxError } from "../../../src/errors.js";
import { openRecordFile } from "../../../src/records/record-file.js";
import { recordOf } from "../../../src/records/riegeli/chunk-records.js";
import { type RiegeliChunk, readRiegeliChunk } from "../../../src/records/riegeli/riegeli-chunk.js";
import { decodeChunkRecords } from "../../../src/records/riegeli/riegeli-records.js";
import { failure } from "../../failure.js";
import { recordStorage } from "../fixtures.js";

const LIMIT = 2 ** 24;
const SIMPLE = 0x72;
const TRANSPOSED = 0x74;
const FIRST_CHUNK = 64;

type Claims = { readonly type?: number; readonly records: number; readonly decodedBytes: number };

const chunk = ({ type = SIMPLE, ...claims }: Claims, ...data: number[]): RiegeliChunk => ({
  begin: FIRST_CHUNK,
  type,
  ...claims,
  data: Uint8Array.from(data),
});

const decode = (body: RiegeliChunk) => decodeChunkRecords(body, LIMIT);

/** The first chunk of a fixture. */
async function firstChunkOf(name: string): Promise<RiegeliChunk> {
  const file = await openRecordFile(`${name}.array_record`, { storage: recordStorage() });
  return readRiegeliChunk(file, FIRST_CHUNK, { verify: true });
}

describe("a simple chunk", () => {
  it("is compression, length of sizes, sizes, values", async () => {
    const records = await decode(chunk({ records: 3, decodedBytes: 3 }, 0, 3, 1, 0, 2, 0x61, 0x62, 0x63));
    expect(records.ends).toEqual(Float64Array.of(1, 1, 3));
    expect(recordOf(records, 2)).toEqual(Uint8Array.of(0x62, 0x63));
  });

  it.each([
    ["has more records than sizes", chunk({ records: 2 ** 40, decodedBytes: 1 }, 0, 1, 1, 0x61)],
    ["has fewer records than sizes", chunk({ records: 1, decodedBytes: 1 }, 0, 2, 1, 0, 0x61)],
    ["has sizes of more bytes than it says", chunk({ records: 2, decodedBytes: 2 }, 0, 2, 1, 2, 0x61, 0x62)],
    [
      "has sizes of fewer bytes than it says",
      chunk({ records: 2, decodedBytes: 3 }, 0, 2, 1, 1, 0x61, 0x62, 0x63),
    ],
    ["has fewer values than it says", chunk({ records: 1, decodedBytes: 2 }, 0, 1, 2, 0x61)],
    ["has values behind its records", chunk({ records: 1, decodedBytes: 1 }, 0, 1, 1, 0x61, 0x62)],
    [
      "has sizes that are longer than it",
      chunk({ records: 1, decodedBytes: 1 }, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 1),
    ],
    ["is empty", chunk({ records: 1, decodedBytes: 1 })],
    [
      "has a Snappy block that claims more than it can hold",
      chunk({ records: 1, decodedBytes: 1 }, 0x73, 3, 0xff, 0x7f, 1, 0),
    ],
  ])("that %s is damaged", async (_, body) => {
    await expect(decode(body)).rejects.toEqual(failure("DATA_LOSS"));
  });

  it.each([
    ["zstd", 0x7a],
    ["Brotli", 0x62],
    ["Snappy", 0x73],
  ])("with sizes in %s of more bytes than its records can take is damaged", async (_, compression) => {
    // a content size of 2^31 - 1, and a byte
    const body = chunk({ records: 3, decodedBytes: 3 }, compression, 6, 0xff, 0xff, 0xff, 0xff, 7, 0);
    await expect(decode(body)).rejects.toEqual(failure("DATA_LOSS", { field: "decompressed size" }));
  });

  it("with a compression that nobody knows is not supported", async () => {
    await expect(decode(chunk({ records: 0, decodedBytes: 0 }, 0x6c, 0))).rejects.toEqual(
      failure("UNSUPPORTED", { field: "compression_type", found: 0x6c }),
    );
  });
});

describe("a chunk of another type", () => {
  it("is not supported", async () => {
    await expect(decode(chunk({ type: 0x78, records: 1, decodedBytes: 1 }, 0))).rejects.toEqual(
      failure("UNSUPPORTED", { field: "chunk_type", found: "x", offset: FIRST_CHUNK }),
    );
  });
});

/** An uncompressed transposed chunk: header, buckets, transitions. */
function transposed(claims: Claims, header: number[], ...rest: number[]): RiegeliChunk {
  return chunk({ ...claims, type: TRANSPOSED }, 0, header.length, ...header, ...rest);
}

describe("a transposed chunk", () => {
  const noBuffers = [0 /* buckets */, 0 /* buffers */];

  it("is a state machine that writes from behind", async () => {
    const buffers = [1, 1, 2, 2]; // one bucket and one buffer, of 2 bytes
    const tags = [3, 0x08, 0x10, 3]; // 3 nodes: field 1, field 2, both varints; start of message
    const successors = [4, 5, 0]; // 1 and 2 without a transition, 0 by one
    const subtypes = [0, 10 + 5]; // a varint of one byte; the value 5
    const header = [
      ...buffers,
      ...tags,
      ...successors,
      ...subtypes,
      0 /* field 1's buffer */,
      0 /* first node */,
    ];
    const body = transposed({ records: 2, decodedBytes: 8 }, header, 0x11, 0x22, 0 /* back to node 0 */);
    const records = await decode(body);
    // Two records: field 2 = 5, then field 1 = a value of the buffer; the last record takes the first value.
    expect(recordOf(records, 0)).toEqual(Uint8Array.of(0x10, 5, 0x08, 0x22));
    expect(recordOf(records, 1)).toEqual(Uint8Array.of(0x10, 5, 0x08, 0x11));
  });

  it.each([
    ["without nodes", [...noBuffers, 0, 0]],
    ["with more nodes than its header can hold", [...noBuffers, 0xff, 0xff, 0xff, 0xff, 0x0f, 0]],
    ["with more buckets than its header can hold", [0xff, 0xff, 0xff, 0xff, 0x0f, 0]],
    ["with more buffers than its header can hold", [0, 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ["with a buffer but no bucket", [0, 1, 0, 1, 3, 0, 0]],
    ["with a bucket but no buffer in it", [1, 0, 1, 1, 3, 0, 0]],
    ["with a field of a buffer that is not there", [...noBuffers, 1, 0x08, 0, 0, 0, 0]],
    ["with a tag of a wire type that is not there", [...noBuffers, 1, 0x0f, 0, 0]],
    ["with a tag of field 0", [...noBuffers, 1, 4, 0, 0]],
    ["with a subtype that is not there", [...noBuffers, 1, 0x08, 0, 0xff, 0]],
    ["with a successor that is not there", [...noBuffers, 1, 3, 2, 0]],
    ["with a first node that is not there", [...noBuffers, 1, 3, 0, 1]],
    ["with nodes that go round without a transition", [...noBuffers, 2, 0, 0, 3, 2, 0]],
    ["with bytes behind its nodes", [...noBuffers, 1, 3, 0, 0, 0]],
    ["with a submessage that begins without having ended", [...noBuffers, 1, 2, 0, 0]],
    ["with a submessage that ends without beginning", [...noBuffers, 1, 0x0e, 0, 0]],
  ])("%s is damaged", async (_, header) => {
    await expect(decode(transposed({ records: 1, decodedBytes: 8 }, header))).rejects.toEqual(
      failure("DATA_LOSS"),
    );
  });

  it.each([
    ["that opens submessages for ever", 0x0e],
    ["that starts records for ever", 3],
    ["that writes for ever", 0x0b],
    ["that does nothing for ever", 0],
  ])("%s is damaged", async (_, tag) => {
    const transitions = Array.from({ length: 1000 }, () => 3);
    const body = transposed({ records: 5, decodedBytes: 100 }, [...noBuffers, 1, tag, 0, 0], ...transitions);
    await expect(decode(body)).rejects.toEqual(failure("DATA_LOSS"));
  });

  it("that leads to a node that is not there is damaged", async () => {
    const body = transposed({ records: 5, decodedBytes: 100 }, [...noBuffers, 1, 3, 0, 0], 4);
    await expect(decode(body)).rejects.toEqual(failure("DATA_LOSS"));
  });
});

describe("a chunk whose hash was forged", () => {
  const names = ["uncompressed-groups", "zstd-groups", "brotli", "snappy"];
  const transposedNames = ["transposed", "transposed-zstd", "transposed-snappy", "transposed-bytes"];

  it.each([...names, ...transposedNames])(
    "of %s gives records of its size or an OrbaxError",
    async (name) => {
      const sound = await firstChunkOf(name);
      const change = fc.tuple(fc.nat(sound.data.length - 1), fc.nat(255));
      await fc.assert(
        fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
          const data = sound.data.slice();
          for (const [at, byte] of changes) data[at] = byte;
          try {
            const { ends, values } = await decode({ ...sound, data });
            expect(ends).toHaveLength(sound.records);
            expect(values).toHaveLength(sound.decodedBytes);
          } catch (error) {
            if (!isOrbaxError(error)) throw error;
          }
        }),
        { numRuns: 300 },
      );
    },
  );
});
