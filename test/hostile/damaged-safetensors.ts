import type { OrbaxErrorCode } from "../../src/errors.js";
import type { Tree } from "../../src/pytree/value.js";
import { ndarray } from "../../src/zarr/nd-array.js";
import { hex, joined, u64le, utf8 } from "../ocdbt/bytes.js";
import type { Files } from "./hand-item.js";

/** A safetensors file or directory, what we make of it, and Orbax (docs/spec/orbax-layout-extra.md section 3). */
export type SafetensorsCase = {
  readonly files: Files;
  readonly orbax: "same" | "restores" | "refuses";
} & ({ readonly opens: Tree } | { readonly refused: string; readonly code?: OrbaxErrorCode });

const tensor = (dtype: string, shape: readonly unknown[], begin: unknown, end: unknown) =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] });

/** A file of a header and data. */
function file(header: string, data = "", length: number | bigint = utf8(header).length): Uint8Array {
  return joined([hex(u64le(length)), utf8(header), hex(data)]);
}

const one = (header: string, data = "", length?: number | bigint): Files => ({
  "model.safetensors": file(header, data, length),
});

const U8 = (begin: number, end: number) => tensor("U8", [end - begin], begin, end);
const bytes = (...values: number[]) => ndarray("uint8", [values.length], Uint8Array.from(values));

/** The table of section 3. */
export const safetensors: Readonly<Record<string, SafetensorsCase>> = {
  "nothing wrong": {
    files: one(`{"a":${U8(0, 2)},"b":${U8(2, 3)}}`, "070809"),
    opens: { a: bytes(7, 8), b: bytes(9) },
    orbax: "same",
  },
  "fewer bytes than the shape asks for": {
    files: one(`{"a":${tensor("U8", [3], 0, 2)}}`, "0708"),
    refused: "number of bytes",
    orbax: "restores",
  },
  "more bytes than the shape asks for": {
    files: one(`{"a":${tensor("U8", [1], 0, 2)}}`, "0708"),
    refused: "number of bytes",
    orbax: "refuses",
  },
  "two tensors over the same bytes": {
    files: one(`{"a":${U8(0, 2)},"b":${U8(0, 2)}}`, "0708"),
    refused: 'tensor "b": begin',
    orbax: "restores",
  },
  "tensors that overlap": {
    files: one(`{"a":${U8(0, 2)},"b":${U8(1, 3)}}`, "070809"),
    refused: 'tensor "b": begin',
    orbax: "restores",
  },
  "a gap": {
    files: one(`{"a":${U8(0, 1)},"b":${U8(2, 3)}}`, "070809"),
    refused: 'tensor "b": begin',
    orbax: "restores",
  },
  "a negative begin": {
    files: one(`{"a":${tensor("U8", [2], -1, 1)}}`, "07"),
    refused: "data_offsets",
    orbax: "restores",
  },
  "one name twice": {
    files: one(`{"a":${U8(0, 1)},"a":${U8(1, 2)}}`, "0708"),
    refused: "a name",
    orbax: "restores",
  },
  "a header of 2^62 bytes": {
    files: one("{}", "", 2n ** 62n),
    refused: "length of the header",
    orbax: "refuses",
  },
  "a header longer than the file": {
    files: one("{}", "", 3),
    refused: "length of the header",
    orbax: "refuses",
  },
  "a bool of 2": {
    files: one(`{"a":${tensor("BOOL", [1], 0, 1)}}`, "02"),
    refused: "bool",
    orbax: "restores",
  },
  "an empty file": { files: { "model.safetensors": hex("") }, refused: "size of the file", orbax: "refuses" },
  "a file that is cut": {
    files: one(`{"a":${U8(0, 2)}}`, "07"),
    refused: "bytes after the header",
    orbax: "refuses",
  },
  "a dtype that is unknown": {
    files: one(`{"a":${tensor("F4", [2], 0, 1)}}`, "07"),
    refused: "dtype",
    code: "UNSUPPORTED",
    orbax: "refuses",
  },
  "bytes behind the last tensor": {
    files: one(`{"a":${U8(0, 1)}}`, "0708"),
    refused: "bytes after the header",
    orbax: "restores",
  },
  "a begin behind the end": {
    files: one(`{"a":${tensor("U8", [0], 2, 1)}}`, "0708"),
    refused: "data_offsets",
    orbax: "restores",
  },
  "a first tensor that is not at 0": {
    files: one(`{"a":${U8(1, 2)}}`, "0708"),
    refused: "begin",
    orbax: "restores",
  },
  "a size of -1": {
    files: one(`{"a":${tensor("U8", [-1], 0, 1)}}`, "07"),
    refused: "shape",
    orbax: "refuses",
  },
  "a size of 0.5": {
    files: one(`{"a":${tensor("U8", [0.5], 0, 1)}}`, "07"),
    refused: "shape",
    orbax: "refuses",
  },
  "sizes whose product is beyond 2^64": {
    files: one(`{"a":${tensor("U8", [4294967296, 4294967296, 4294967296], 0, 1)}}`, "07"),
    refused: "number of bytes",
    orbax: "refuses",
  },
  "sixty-five axes": {
    files: one(
      `{"a":${tensor(
        "U8",
        Array.from({ length: 65 }, () => 1),
        0,
        1,
      )}}`,
      "07",
    ),
    refused: "rank",
    orbax: "refuses",
  },
  "offsets that are no integers": {
    files: one(`{"a":${tensor("U8", [1], "0", "1")}}`, "07"),
    refused: "data_offsets",
    orbax: "refuses",
  },
  "one offset": {
    files: one('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0]}}'),
    refused: "data_offsets",
    orbax: "refuses",
  },
  "no offsets": { files: one('{"a":{"dtype":"U8","shape":[0]}}'), refused: "data_offsets", orbax: "refuses" },
  "a header that is a list": { files: one("[]"), refused: "header", orbax: "refuses" },
  "a header that is no JSON": { files: one("{"), refused: "JSON text", orbax: "refuses" },
  "a field more than needed": {
    files: one('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"new":null}}', "07"),
    opens: { a: bytes(7) },
    orbax: "same",
  },
  "a space in front of the header": {
    files: one(` {"a":${U8(0, 1)}}`, "07"),
    opens: { a: bytes(7) },
    orbax: "same",
  },
  "metadata that is no text": {
    files: one(`{"__metadata__":{"x":1},"a":${U8(0, 1)}}`, "07"),
    opens: { a: bytes(7) },
    orbax: "same",
  },
  "a size of 0": {
    files: one(`{"a":${tensor("U8", [0, 3], 0, 0)}}`),
    opens: { a: ndarray("uint8", [0, 3], Uint8Array.of()) },
    orbax: "same",
  },
  "two files": {
    files: {
      "a.safetensors": file(`{"a":${U8(0, 1)}}`, "07"),
      "b.safetensors": file(`{"b":${U8(0, 1)}}`, "08"),
    },
    opens: { a: bytes(7), b: bytes(8) },
    orbax: "same",
  },
  "a name in two files": {
    files: {
      "a.safetensors": file(`{"a":${U8(0, 1)}}`, "07"),
      "b.safetensors": file(`{"a":${U8(0, 1)}}`, "08"),
    },
    refused: "Duplicate tensor a found in multiple files",
    orbax: "refuses",
  },
  "one of two files cut": {
    files: { "a.safetensors": file(`{"a":${U8(0, 1)}}`, "07"), "b.safetensors": file(`{"b":${U8(0, 1)}}`) },
    refused: "b.safetensors",
    orbax: "refuses",
  },
};
