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
};

/** Name of an element type, NumPy's and zarrita's. */
export type Dtype = keyof DataByDtype;

/**
 * Elements of dtype `D`: bool as bytes 0 and 1, float16 and bfloat16 as their raw bits, complex as interleaved
 * real and imaginary parts.
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
  /** zarr v2's name (`docs/spec/orbax-layout.md` section 11); with `<` where bytes have an order. */
  readonly zarr2: string;
  /** Elements of the typed array for one element of the dtype: 2 for complex. */
  readonly components: number;
  /** The typed array over a buffer. `byteOffset` must be a multiple of the word's size. */
  readonly view: (buffer: ArrayBufferLike, byteOffset: number, length: number) => DataOf<D>;
};

const DTYPES: { readonly [D in Dtype]: DtypeRow<D> } = {
  bool: row("bool", 1, "|b1", (b, o, n) => new Uint8Array(b, o, n)),
  int8: row("int", 1, "|i1", (b, o, n) => new Int8Array(b, o, n)),
  int16: row("int", 2, "<i2", (b, o, n) => new Int16Array(b, o, n)),
  int32: row("int", 4, "<i4", (b, o, n) => new Int32Array(b, o, n)),
  int64: row("int", 8, "<i8", (b, o, n) => new BigInt64Array(b, o, n)),
  uint8: row("uint", 1, "|u1", (b, o, n) => new Uint8Array(b, o, n)),
  uint16: row("uint", 2, "<u2", (b, o, n) => new Uint16Array(b, o, n)),
  uint32: row("uint", 4, "<u4", (b, o, n) => new Uint32Array(b, o, n)),
  uint64: row("uint", 8, "<u8", (b, o, n) => new BigUint64Array(b, o, n)),
  float16: row("float", 2, "<f2", (b, o, n) => new Uint16Array(b, o, n)),
  bfloat16: row("float", 2, "bfloat16", (b, o, n) => new Uint16Array(b, o, n)),
  float32: row("float", 4, "<f4", (b, o, n) => new Float32Array(b, o, n)),
  float64: row("float", 8, "<f8", (b, o, n) => new Float64Array(b, o, n)),
  complex64: row("complex", 8, "<c8", (b, o, n) => new Float32Array(b, o, n)),
  complex128: row("complex", 16, "<c16", (b, o, n) => new Float64Array(b, o, n)),
};

function row<T>(
  kind: DtypeKind,
  itemBytes: number,
  zarr2: string,
  view: (buffer: ArrayBufferLike, byteOffset: number, length: number) => T,
) {
  const components = kind === "complex" ? 2 : 1;
  return { kind, itemBytes, wordBytes: itemBytes / components, zarr2, components, view };
}

/** All dtypes, in the order of the table. */
export const DTYPE_NAMES: readonly Dtype[] = Object.keys(DTYPES).filter(isDtype);

/** Whether `name` is a dtype that this version knows. */
export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(DTYPES, name);
}

/** The table's row for `dtype`. */
export function dtypeRow<D extends Dtype>(dtype: D): DtypeRow<D> {
  return DTYPES[dtype];
}

/** Number of elements of a shape; 1 for rank 0. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, size) => count * size, 1);
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
