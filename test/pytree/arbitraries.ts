import * as fc from "fast-check";
import { dictOf } from "../../src/pytree/container.js";
import {
  float,
  int,
  placeholder,
  prngKey,
  type Scalar,
  scalar,
  type Tree,
  tuple,
} from "../../src/pytree/value.js";
import { bytesOf, type Dtype, dtypeRow, elementCount, STORABLE_DTYPES } from "../../src/zarr/dtype.js";
import { NdArray } from "../../src/zarr/nd-array.js";

/** Shapes of rank 0 to 3, of few elements, perhaps none. */
const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });

/** Arrays that can be stored, of any bits that their elements can have. */
export function ndarrays(options: { readonly zeroSize?: boolean } = {}): fc.Arbitrary<NdArray> {
  const wanted = options.zeroSize === false ? shape.filter((sizes) => !sizes.includes(0)) : shape;
  return fc.tuple(fc.constantFrom<Dtype>(...STORABLE_DTYPES), wanted).chain(([dtype, sizes]) => {
    const bytes = elementCount(sizes) * dtypeRow(dtype).itemBytes;
    return fc
      .uint8Array({ minLength: bytes, maxLength: bytes })
      .map((random) => arrayOfBytes(dtype, sizes, random));
  });
}

function arrayOfBytes(dtype: Dtype, sizes: readonly number[], bytes: Uint8Array): NdArray {
  const { view, components } = dtypeRow(dtype);
  const data = view(new ArrayBuffer(bytes.length), 0, elementCount(sizes) * components);
  bytesOf(data).set(bytes.map((byte) => possibleByte(dtype, byte)));
  return new NdArray(dtype, sizes, data);
}

/** The byte itself where the dtype has all; a bool is 0 or 1, int4 and int2 are in their range. */
export function possibleByte(dtype: Dtype, byte: number): number {
  if (dtype === "bool") return byte & 1;
  if (dtype === "int4") return (byte << 28) >> 28;
  if (dtype === "int2") return (byte << 30) >> 30;
  return dtype === "float4_e2m1fn" ? byte & 0x0f : byte;
}

/** What Python calls int, float and bool. */
export const pythonNumbers: fc.Arbitrary<Scalar> = fc.oneof(
  fc.integer().map(int),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }).map(int),
  fc.double().map(float),
  fc.boolean().map((value) => scalar("bool", value)),
);

/** Empty containers, `None`. */
export const empties: fc.Arbitrary<Tree> = fc.constantFrom<Tree[]>(null, [], {}, tuple([]));

/** Everything that is a leaf in `_METADATA`, strings aside. */
export const leaves: fc.Arbitrary<Tree> = fc.oneof(
  ndarrays(),
  pythonNumbers,
  empties,
  fc.constant(placeholder),
  fc
    .uint8Array({ minLength: 8, maxLength: 8 })
    .map((bytes) => prngKey([], new Uint32Array(bytes.buffer.slice(0)))),
);

/** Dict keys of all kinds, valid Unicode. */
const dictKeys: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 8 }).filter((key) => !/\p{Surrogate}/u.test(key)),
  fc.constantFrom(
    "a",
    "b",
    "0",
    "01",
    "__proto__",
    "constructor",
    " ",
    "é",
    "😀",
    "a?b#c",
    "50%41",
    "..",
    "\n",
  ),
);

/** Trees of such leaves and keys: a dict or list at the root that is not empty. */
export function trees(leaf: fc.Arbitrary<Tree>, key: fc.Arbitrary<string> = dictKeys): fc.Arbitrary<Tree> {
  const { node } = fc.letrec<{ node: Tree; dict: Tree; list: Tree }>((tie) => ({
    dict: fc
      .uniqueArray(fc.tuple(key, tie("node")), { selector: ([name]) => name, minLength: 1, maxLength: 5 })
      .map(dictOf),
    list: fc.array(tie("node"), { minLength: 1, maxLength: 4 }),
    node: fc.oneof({ maxDepth: 4, withCrossShrink: true }, leaf, tie("dict"), tie("list")),
  }));
  return fc.oneof(
    fc
      .uniqueArray(fc.tuple(key, node), { selector: ([name]) => name, minLength: 1, maxLength: 6 })
      .map(dictOf),
    fc.array(node, { minLength: 1, maxLength: 5 }),
  );
}
