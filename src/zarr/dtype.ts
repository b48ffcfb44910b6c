/** How the elements of each dtype lie in memory, and in an `NdArray`'s `data` (design: one row a dtype). */
type DataByDtype = {
  bool: Uint8Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  float32: Float32Array;
  float64: Float64Array;
  complex64: Float32Array;
  complex128: Float64Array;
  float8_e4m3fn: Uint8Array;
  float8_e5m2: Uint8Array;
  float8_e4m3b11fnuz: Uint8Array;
  float8_e4m3fnuz: Uint8Array;
  float8_e5m2fnuz: Uint8Array;
  float8_e3m4: Uint8Array;
  float8_e8m0fnu: Uint8Array;
  float4_e2m1fn: Uint8Array;
  int4: Int8Array;
  int2: Int8Array;
  uint4: Uint8Array;
};

/** Name of an element type: NumPy's and zarrita's, ml_dtypes' where they have none. */
export type Dtype = keyof DataByDtype;

/**
 * Elements of dtype `D`: bool as bytes 0 and 1; float16, bfloat16, float8 and float4 as their raw bits; int4 and
 * int2 sign-extended; complex as interleaved real and imaginary parts.
 */
export type DataOf<D extends Dtype> = DataByDtype[D];

/** What a single element is in JavaScript. */
export type DtypeKind = "bool" | "int" | "uint" | "float" | "complex";

type DtypeRow<D extends Dtype> = {
  readonly kind: DtypeKind;
  /** Bytes of one element, in memory and in a chunk. */
  readonly itemBytes: number;
  /** Bytes that swap together where the byte order differs: half an element for complex. */
  readonly wordBytes: number;
  /**
   * How many low bits of an element's byte hold its value, where not all do: 4 for int4, uint4 and float4, 2 for int2.
   * The others should be 0 as stored; in memory they are like the sign of int4 and int2.
   */
  readonly storedBits: 2 | 4 | undefined;
  /**
   * zarr v2's `dtype` (`docs/spec/orbax-layout.md` section 11), with `<` where bytes have an order. `undefined` for
   * uint4, which zarr does not store.
   */
  readonly zarr2: string | undefined;
  /** zarr v3's `data_type` (`docs/spec/orbax-layout.md` section 12). `undefined` where {@link zarr2} is. */
  readonly zarr3: string | undefined;
  /** Elements of the typed array for one element of the dtype: 2 for complex. */
  readonly components: number;
  /** The typed array over a buffer. `byteOffset` must be a multiple of the word's size. */
  readonly view: (buffer: ArrayBufferLike, byteOffset: number, length: number) => DataOf<D>;
};

const bytes = (b: ArrayBufferLike, o: number, n: number) => new Uint8Array(b, o, n);
const signedBytes = (b: ArrayBufferLike, o: number, n: number) => new Int8Array(b, o, n);

const DTYPES: { readonly [D in Dtype]: DtypeRow<D> } = {
  bool: row("bool", 1, ["|b1", "bool"], bytes),
  int8: row("int", 1, ["|i1", "int8"], signedBytes),
  int16: row("int", 2, ["<i2", "int16"], (b, o, n) => new Int16Array(b, o, n)),
  int32: row("int", 4, ["<i4", "int32"], (b, o, n) => new Int32Array(b, o, n)),
  int64: row("int", 8, ["<i8", "int64"], (b, o, n) => new BigInt64Array(b, o, n)),
  uint8: row("uint", 1, ["|u1", "uint8"], bytes),
  uint16: row("uint", 2, ["<u2", "uint16"], (b, o, n) => new Uint16Array(b, o, n)),
  uint32: row("uint", 4, ["<u4", "uint32"], (b, o, n) => new Uint32Array(b, o, n)),
  uint64: row("uint", 8, ["<u8", "uint64"], (b, o, n) => new BigUint64Array(b, o, n)),
  float16: row("float", 2, ["<f2", "float16"], (b, o, n) => new Uint16Array(b, o, n)),
  bfloat16: row("float", 2, ["bfloat16", "bfloat16"], (b, o, n) => new Uint16Array(b, o, n)),
  float32: row("float", 4, ["<f4", "float32"], (b, o, n) => new Float32Array(b, o, n)),
  float64: row("float", 8, ["<f8", "float64"], (b, o, n) => new Float64Array(b, o, n)),
  complex64: row("complex", 8, ["<c8", "complex64"], (b, o, n) => new Float32Array(b, o, n)),
  complex128: row("complex", 16, ["<c16", "complex128"], (b, o, n) => new Float64Array(b, o, n)),
  float8_e4m3fn: row("float", 1, same("float8_e4m3fn"), bytes),
  float8_e5m2: row("float", 1, same("float8_e5m2"), bytes),
  float8_e4m3b11fnuz: row("float", 1, same("float8_e4m3b11fnuz"), bytes),
  float8_e4m3fnuz: row("float", 1, same("float8_e4m3fnuz"), bytes),
  float8_e5m2fnuz: row("float", 1, same("float8_e5m2fnuz"), bytes),
  float8_e3m4: row("float", 1, same("float8_e3m4"), bytes),
  float8_e8m0fnu: row("float", 1, same("float8_e8m0fnu"), bytes),
  float4_e2m1fn: row("float", 1, same("float4_e2m1fn"), bytes, 4),
  int4: row("int", 1, same("int4"), signedBytes, 4),
  int2: row("int", 1, same("int2"), signedBytes, 2),
  uint4: row("uint", 1, [undefined, undefined], bytes, 4),
};

type ZarrNames = readonly [zarr2: string | undefined, zarr3: string | undefined];

/** zarr v2 has no letters for the types of ml_dtypes: TensorStore writes their names. */
function same(name: string): ZarrNames {
  return [name, name];
}

function row<T>(
  kind: DtypeKind,
  itemBytes: number,
  [zarr2, zarr3]: ZarrNames,
  view: (buffer: ArrayBufferLike, byteOffset: number, length: number) => T,
  storedBits?: 2 | 4,
) {
  const components = kind === "complex" ? 2 : 1;
  return { kind, itemBytes, wordBytes: itemBytes / components, storedBits, zarr2, zarr3, components, view };
}

/** All dtypes, in the order of the table. */
export const DTYPE_NAMES: readonly Dtype[] = Object.keys(DTYPES).filter(isDtype);

/** The dtypes that zarr stores, and Orbax with it: all but uint4. */
export const STORABLE_DTYPES: readonly Dtype[] = DTYPE_NAMES.filter(
  (name) => DTYPES[name].zarr2 !== undefined,
);

/** Whether `name` is a dtype that this version knows. */
export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(DTYPES, name);
}

/** The table's row for `dtype`. */
export function dtypeRow<D extends Dtype>(dtype: D): DtypeRow<D> {
  return DTYPES[dtype];
}

/** Number of elements of a shape; 1 for rank 0, 0 where a size is 0, whatever the others. May exceed 2^53. */
export function elementCount(shape: readonly number[]): number {
  return shape.includes(0) ? 0 : shape.reduce((count, size) => count * size, 1);
}

/** Bytes of the elements of an array. May exceed 2^53. */
export function byteCount(dtype: Dtype, shape: readonly number[]): number {
  return elementCount(shape) * dtypeRow(dtype).itemBytes;
}

/** Zeroed elements for `length` elements of `dtype`. */
export function allocateData<D extends Dtype>(dtype: D, length: number): DataOf<D> {
  const { itemBytes, components, view } = DTYPES[dtype];
  return view(new ArrayBuffer(length * itemBytes), 0, length * components);
}

/** The bytes under a typed array, without a copy. */
export function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
