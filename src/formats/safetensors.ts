import { type JsonObserver, type JsonValue, parseExactJson } from "../bytes/exact-json.js";
import { expectArray, expectInteger, expectObject, expectString } from "../bytes/json.js";
import { decodeUtf8 } from "../bytes/utf8.js";
import { dataLoss, limitExceeded, unsupported } from "../errors.js";
import { type Limits, withDefaultLimits } from "../limits.js";
import { byteCount, type Dtype } from "../zarr/dtype.js";

/** Bytes of the length in front of the header. */
export const SAFETENSORS_LENGTH_BYTES = 8;

/** A tensor of a safetensors file: `begin` to `end` are bytes from the end of the header, C order, little-endian. */
export type SafetensorsTensor = {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
};

/** The header of a safetensors file. */
export type SafetensorsHeader = {
  /** The tensors by name, in the order of the header. */
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  /** The texts of `__metadata__`; what else it holds is left out. */
  readonly metadata: ReadonlyMap<string, string>;
};

/** How {@link decodeSafetensorsHeader} reads. */
export type SafetensorsHeaderOptions = {
  /** Bytes of the file after its header. */
  readonly dataBytes: number;
  /** How to call the file in messages. */
  readonly what: string;
  readonly limits?: Partial<Limits> | undefined;
};

/** Names of dtypes (docs/spec/orbax-layout-extra.md section 3). Orbax reads no others. */
const DTYPES: ReadonlyMap<string, Dtype> = new Map<string, Dtype>([
  ["BOOL", "bool"],
  ["I8", "int8"],
  ["U8", "uint8"],
  ["I16", "int16"],
  ["U16", "uint16"],
  ["I32", "int32"],
  ["U32", "uint32"],
  ["I64", "int64"],
  ["U64", "uint64"],
  ["F16", "float16"],
  ["F32", "float32"],
  ["F64", "float64"],
  ["BF16", "bfloat16"],
  ["F8_E5M2", "float8_e5m2"],
  ["F8_E4M3", "float8_e4m3fn"],
]);

const METADATA = "__metadata__";
const MOST_DIMENSIONS = 64; // NumPy's own bound
const MOST_HEADER_BYTES = 100e6; // the safetensors package's own bound

/**
 * The length of the header, which follows after these bytes.
 *
 * @param first The first 8 bytes of the file, or fewer if it has no more.
 * @param fileBytes Size of the whole file.
 * @throws {OrbaxError} `DATA_LOSS` for a header that would be longer than the file, or than 100 MB.
 */
export function decodeSafetensorsLength(first: Uint8Array, fileBytes: number, what: string): number {
  if (first.length < SAFETENSORS_LENGTH_BYTES || fileBytes < SAFETENSORS_LENGTH_BYTES) {
    const found = Math.min(first.length, fileBytes);
    throw dataLoss(what, { field: "size of the file", found, expected: "at least 8 bytes" });
  }
  const length = new DataView(first.buffer, first.byteOffset, SAFETENSORS_LENGTH_BYTES).getBigUint64(0, true);
  const most = Math.min(fileBytes - SAFETENSORS_LENGTH_BYTES, MOST_HEADER_BYTES);
  if (length > BigInt(most)) {
    throw dataLoss(what, {
      offset: 0,
      field: "length of the header",
      found: length,
      expected: `at most ${most}`,
    });
  }
  return Number(length);
}

/**
 * Decodes the JSON header, as strictly as docs/spec/orbax-layout-extra.md section 3 asks: every byte of the data
 * belongs to one tensor, and every tensor has as many as its dtype and shape ask for.
 *
 * @param header The header alone, with the spaces at its end.
 * @throws {OrbaxError} `DATA_LOSS` for what is no such header, a name that is there twice, tensors that overlap, leave
 * gaps or do not end with the file · `UNSUPPORTED` for other dtypes · `LIMIT_EXCEEDED` for more bytes than
 * `limits.metadataBytes` or more tensors than `limits.listedKeys`.
 */
export function decodeSafetensorsHeader(
  header: Uint8Array,
  { dataBytes, what, limits }: SafetensorsHeaderOptions,
): SafetensorsHeader {
  const { names, members } = parseHeader(header, what, withDefaultLimits(limits));
  const tensors = new Map<string, SafetensorsTensor>();
  for (const name of names) {
    if (name !== METADATA) tensors.set(name, decodeTensor(members[name], tensorName(what, name)));
  }
  checkPlaces(tensors, dataBytes, what);
  return { tensors, metadata: decodeMetadata(members[METADATA], what) };
}

/** The header's members, and their names in the order of the text, which objects do not keep. */
function parseHeader(header: Uint8Array, what: string, limits: Limits) {
  const { metadataBytes, depth } = limits;
  if (header.length > metadataBytes) {
    const expected = `at most ${metadataBytes} bytes`;
    throw limitExceeded(what, { field: "header", found: header.length, expected, limit: "metadataBytes" });
  }
  const observer = new HeaderObserver(what, limits);
  const members = parseExactJson(decodeUtf8(header, what), what, depth, observer);
  return { names: observer.names, members: expectObject(members, what, "header") };
}

const INTEGER_FIELDS: ReadonlySet<string> = new Set(["shape", "data_offsets"]);

/** Refuses what the parsed header would not show: a name that is there twice, `2.0` among integers. */
class HeaderObserver implements JsonObserver {
  readonly names = new Set<string>();
  readonly #what: string;
  readonly #listedKeys: number;
  /** The tensor that is being parsed, its fields so far, and the last of these. */
  #tensor = "";
  #fields = new Set<string>();
  #field = "";

  constructor(what: string, { listedKeys }: Limits) {
    this.#what = what;
    this.#listedKeys = listedKeys;
  }

  name(name: string, depth: number): void {
    if (depth === 1) {
      if (this.names.has(name)) throw twice(this.#what, name);
      this.names.add(name);
      if (this.names.size > this.#listedKeys) {
        const expected = `at most ${this.#listedKeys} tensors`;
        throw limitExceeded(this.#what, { expected, limit: "listedKeys" });
      }
      this.#tensor = name;
      this.#fields = new Set();
      this.#field = "";
    } else if (depth === 2) {
      if (this.#fields.has(name)) throw twice(tensorName(this.#what, this.#tensor), name);
      this.#fields.add(name);
      this.#field = name;
    }
  }

  fraction(): void {
    if (this.#tensor === METADATA || !INTEGER_FIELDS.has(this.#field)) return;
    throw dataLoss(tensorName(this.#what, this.#tensor), {
      field: `a number of ${this.#field}`,
      found: "written with a fraction",
      expected: "an integer",
    });
  }
}

function twice(what: string, name: string) {
  return dataLoss(what, { field: "a name", found: name, expected: "each once" });
}

function decodeTensor(value: JsonValue | undefined, what: string): SafetensorsTensor {
  const entry = expectObject(value, what, "its entry");
  const name = expectString(entry["dtype"], what, "dtype");
  const dtype = DTYPES.get(name);
  if (dtype === undefined) throw unsupported(what, { field: "dtype", found: name });
  const shape = decodeSizes(entry["shape"], what, "shape");
  if (shape.length > MOST_DIMENSIONS) {
    throw dataLoss(what, { field: "rank", found: shape.length, expected: `at most ${MOST_DIMENSIONS}` });
  }
  const offsets = decodeSizes(entry["data_offsets"], what, "data_offsets");
  const [begin = 0, end = -1] = offsets;
  if (offsets.length !== 2 || begin > end) {
    const found = `[${offsets.slice(0, 3).join(", ")}]`;
    throw dataLoss(what, { field: "data_offsets", found, expected: "[begin, end]" });
  }
  const bytes = byteCount(dtype, shape);
  if (end - begin !== bytes) {
    const expected = `${bytes} for ${dtype} [${shape.join(", ")}]`;
    throw dataLoss(what, { field: "number of bytes", found: end - begin, expected });
  }
  return { dtype, shape, begin, end };
}

function decodeSizes(value: JsonValue | undefined, what: string, field: string): number[] {
  return expectArray(value, what, field).map((size) => expectInteger(size, what, `a number of ${field}`, 0));
}

/** Every byte of the data belongs to exactly one tensor. */
function checkPlaces(tensors: ReadonlyMap<string, SafetensorsTensor>, dataBytes: number, what: string): void {
  // Those without bytes come before the tensor that begins where they lie.
  const inOrder = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let place = 0;
  for (const [name, { begin, end }] of inOrder) {
    if (begin !== place) {
      const expected = `${place}: no gap, and no byte of another tensor`;
      throw dataLoss(tensorName(what, name), { field: "begin", found: begin, expected });
    }
    place = end;
  }
  if (place !== dataBytes) {
    throw dataLoss(what, { field: "bytes after the header", found: dataBytes, expected: `${place}` });
  }
}

function decodeMetadata(value: JsonValue | undefined, what: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  if (value === undefined || value === null) return texts;
  const members = Object.entries(expectObject(value, what, METADATA));
  for (const [name, text] of members) if (typeof text === "string") texts.set(name, text);
  return texts;
}

function tensorName(what: string, name: string): string {
  return `${what}: tensor ${JSON.stringify(name)}`;
}
