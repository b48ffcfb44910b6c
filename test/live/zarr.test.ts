import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseJson } from "../../src/bytes/json.js";
import { zstdEncoder } from "../../src/bytes/zstd.js";
import { planArray } from "../../src/zarr/array.js";
import { decodeArrayDocument } from "../../src/zarr/array-document.js";
import { loadCodecs } from "../../src/zarr/codecs.js";
import { bytesOf, DTYPE_NAMES, type Dtype, dtypeRow, elementCount } from "../../src/zarr/dtype.js";
import { encodeArray } from "../../src/zarr/encode-array.js";
import { encodeChunk } from "../../src/zarr/encode-chunk.js";
import { ARRAY_DOCUMENT, type ArrayMetadata, chunkKey } from "../../src/zarr/metadata.js";
import { ndarray } from "../../src/zarr/nd-array.js";
import { encodeZarray } from "../../src/zarr/zarr2.js";
import { encodeZarrJson } from "../../src/zarr/zarr3.js";
import { chunkCodecs } from "../zarr/arbitrary-codecs.js";
import { fromHex, toHex } from "../zarr/fixture-arrays.js";
import { type Oracle, seededBytes, startOracle } from "./oracle.js";
import { runsOf, seed as SEED, timeoutOf } from "./random-runs.js";

const LAYOUTS = runsOf({ ci: 200, long: 4000 });

let oracle: Oracle;
beforeAll(async () => {
  oracle = await startOracle();
});
afterAll(async () => {
  await oracle.stop();
});

const DRIVERS = { 2: "zarr", 3: "zarr3" } as const;

type Files = Readonly<Record<string, string>>;

function filesOf(metadata: ArrayMetadata, chunks: Iterable<readonly [string, Uint8Array]>): Files {
  const document = metadata.zarr === 2 ? encodeZarray(metadata) : encodeZarrJson(metadata);
  const hex = Array.from(chunks, ([key, bytes]) => [key, toHex(bytes)] as const);
  return { [ARRAY_DOCUMENT[metadata.zarr]]: toHex(document), ...Object.fromEntries(hex) };
}

/** Elements that are the same on both sides: no NaN, which Python may change. */
function elementBytes(dtype: Dtype, length: number): Uint8Array {
  const { itemBytes, kind, storedBits } = dtypeRow(dtype);
  const bytes = seededBytes(length, length * itemBytes);
  if (kind === "bool") return bytes.map((byte) => byte & 1);
  if (kind === "int" && storedBits !== undefined) {
    return bytes.map((byte) => (byte << (32 - storedBits)) >> (32 - storedBits));
  }
  if (kind === "float" || kind === "complex") return bytes.map((byte) => byte & 0x3b);
  return bytes;
}

const stored = DTYPE_NAMES.filter((dtype) => dtypeRow(dtype).zarr2 !== undefined);
const compressors = [{ kind: "none" } as const, { kind: "zstd", level: 3 } as const].filter(
  ({ kind }) => kind === "none" || zstdEncoder() !== undefined,
);

describe.each([2, 3] as const)("an array of ours in zarr v%d", (zarr) => {
  it.each(compressors)("is read by TensorStore in every dtype, compressed with $kind", async (compressor) => {
    for (const dtype of stored) {
      for (const shape of [[3, 5], [], [0, 4]]) {
        const bytes = elementBytes(dtype, elementCount(shape));
        const { components, itemBytes, view } = dtypeRow(dtype);
        const data = view(bytes.buffer, 0, (bytes.length / itemBytes) * components);
        const zstd = zstdEncoder();
        const { metadata, chunks } = encodeArray(ndarray(dtype, shape, data), { zarr, compressor, zstd });
        const files = filesOf(
          metadata,
          chunks.map(([key, encode]) => [key, encode()] as const),
        );
        const read = await oracle.call("zarr_read", { driver: DRIVERS[zarr], files });
        expect(read).toEqual({ dtype, shape, data: toHex(bytes) });
      }
    }
  });
});

/** Arrays of one chunk in any layout that zarr v3 knows and TensorStore reads. */
const layouts = fc
  .array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 })
  .chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      codec: fc.nat(2).chain((levels) => chunkCodecs(shape, levels, false)),
      dtype: fc.constantFrom<Dtype>("uint8", "int16", "float32", "int64", "complex128", "bool"),
    }),
  )
  .map(({ shape, codec, dtype }): ArrayMetadata => {
    const chunkKeys = { name: "default", separator: "/" } as const;
    return { zarr: 3, shape, chunkShape: shape, dtype, fillValue: undefined, chunkKeys, codec };
  });

describe(`any layout of zarr v3 (ORBAX_SEED=${SEED})`, { timeout: timeoutOf(LAYOUTS, 100) }, () => {
  const samples = fc.sample(layouts, { numRuns: LAYOUTS, seed: SEED });

  it("is read by TensorStore as we write it", async () => {
    for (const metadata of samples) {
      const { shape, dtype } = metadata;
      const bytes = elementBytes(dtype, elementCount(shape));
      const key = chunkKey(
        metadata,
        shape.map(() => 0),
      );
      const files = filesOf(metadata, [[key, encodeChunk(bytes.slice(), metadata)]]);
      const read = await oracle.call("zarr_read", { driver: "zarr3", files });
      expect(read).toEqual({ dtype, shape, data: toHex(bytes) });
    }
  });

  it("is read by us as TensorStore writes it, in chunks that do not divide the shape", async () => {
    for (const { chunkShape, codec, dtype, ...rest } of samples) {
      const shape = chunkShape.map((size, axis) => size + ((axis + size) % 3));
      const document = encodeZarrJson({ ...rest, shape, chunkShape, codec, dtype });
      const metadata = parseJson(document, "zarr.json");
      const data = toHex(elementBytes(dtype, elementCount(shape)));
      const files = await oracle.call("zarr_write", { driver: "zarr3", metadata, dtype, data });
      if (!isFiles(files)) throw new Error("no files");
      const read = await readArray(files);
      expect(read).toEqual({ dtype, shape, data });
    }
  });
});

function isFiles(value: unknown): value is Files {
  return typeof value === "object" && value !== null && ARRAY_DOCUMENT[3] in value;
}

async function readArray(files: Files) {
  const document = fromHex(files[ARRAY_DOCUMENT[3]] ?? "");
  const metadata = decodeArrayDocument(document, "zarr.json", undefined, 3);
  const codecs = await loadCodecs([metadata]);
  const plan = planArray(metadata, { missingChunks: "error", what: "w", codecs });
  for (const [number, { key }] of plan.chunks.entries()) {
    const hex = files[key];
    plan.accept(number, hex === undefined ? undefined : fromHex(hex));
  }
  const array = plan.finish();
  return { dtype: array.dtype, shape: array.shape, data: toHex(bytesOf(array.data)) };
}
