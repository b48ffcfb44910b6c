import { zstdEncoder } from "../../bytes/zstd.js";
import { invalidArgument, isOrbaxError, OrbaxError } from "../../errors.js";
import { MAX_STRING_BYTES } from "../../ocdbt/format/strings.js";
import type { NewEntry } from "../../ocdbt/writer.js";
import { arrayOfElements } from "../../pytree/element.js";
import { flattenTree, type PathAndLeaf } from "../../pytree/flatten.js";
import { formatKeyPath, type KeyPath, leafName, parameterName } from "../../pytree/key-path.js";
import type { PytreeLeaf } from "../../pytree/leaf.js";
import type { Scalar } from "../../pytree/value.js";
import { wordsOf } from "../../pytree/words.js";
import { type Compressor, encodeArray } from "../../zarr/encode-array.js";
import { ARRAY_DOCUMENT } from "../../zarr/metadata.js";
import { type NdArray, ndarray } from "../../zarr/nd-array.js";
import { encodeZarray } from "../../zarr/zarr2.js";
import { arrayKey } from "../arrays/array-key.js";
import { checkString } from "../metadata/strings-file.js";
import type { TreeEntry } from "../metadata/tree-metadata.js";

/** A tree as one PyTree item: everything that its files will hold, checked and not yet written. */
export type EncodedItem = {
  readonly entries: readonly TreeEntry[];
  /** Keys and values of the OCDBT database; empty if no leaf has an array. */
  readonly database: readonly NewEntry[];
  /** Text of the string leaves by parameter name. */
  readonly strings: ReadonlyMap<string, string>;
};

/**
 * Encodes a tree, refusing whatever cannot be stored: nothing has touched the disk by then.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` as `flattenTree`, for two leaves with one parameter name
 * (docs/spec/orbax-layout.md section 7), a name that is too long, strings as `checkString`, bool arrays with other
 * bytes than 0 and 1, and for a tree that is empty or `null` as a whole · `LIMIT_EXCEEDED` as `flattenTree`.
 */
export function encodeItem(tree: unknown): EncodedItem {
  const leaves = flattenTree(tree);
  refuseEmpty(leaves);
  const names = new Map<string, string>();
  const database: NewEntry[] = [];
  const strings = new Map<string, string>();
  const entries = leaves.map(({ path, leaf }): TreeEntry => {
    const name = parameterName(path);
    refuseTaken(names, name, leafName(path));
    if (leaf.kind === "string") {
      checkString(name, leaf.text);
      strings.set(name, leaf.text);
    }
    const array = arrayOf(leaf);
    if (array !== undefined) database.push(...naming(path, () => encodeEntries(name, array)));
    return { path, valueType: valueType(leaf), skipDeserialize: isEmpty(leaf) };
  });
  return { entries, database, strings };
}

/** Orbax refuses a tree without anything in it, in these words. */
function refuseEmpty(leaves: readonly PathAndLeaf[]): void {
  const [only] = leaves;
  if (only?.path.length === 0 && isEmpty(only.leaf)) {
    throw invalidArgument("Found empty item.", { pythonType: "ValueError" });
  }
}

/** Names that differ only in a slash at their end are one place; those of empties are held to that, too. */
function refuseTaken(names: Map<string, string>, name: string, path: string): void {
  const place = arrayKey(name, "");
  const other = names.get(place);
  if (other !== undefined) {
    const message = `${path}: would be stored under the name ${JSON.stringify(name)} like ${other}; rename one of them`;
    throw invalidArgument(message, { key: path });
  }
  names.set(place, path);
}

/** Runs a step whose refusals do not know which leaf they are for, and names it in them. */
function naming<T>(path: KeyPath, encode: () => T): T {
  try {
    return encode();
  } catch (error) {
    if (!isOrbaxError(error)) throw error;
    const key = formatKeyPath(path);
    throw new OrbaxError(
      error.code,
      `${leafName(path)}: ${error.message}`,
      { ...error.details, key },
      { cause: error },
    );
  }
}

const VALUE_TYPES: { readonly [K in Exclude<PytreeLeaf["kind"], "bytes">]: string } = {
  array: "np.ndarray",
  "prng-key": "np.ndarray",
  scalar: "scalar",
  string: "string",
  none: "None",
  "empty-dict": "Dict",
  "empty-list": "List",
  "empty-tuple": "Tuple",
  placeholder: "placeholder",
};

function valueType({ kind }: PytreeLeaf): string {
  if (kind === "bytes") throw new Error("flattenTree lets no bytes through");
  return VALUE_TYPES[kind];
}

const EMPTY_KINDS: ReadonlySet<PytreeLeaf["kind"]> = new Set([
  "none",
  "empty-dict",
  "empty-list",
  "empty-tuple",
]);

function isEmpty({ kind }: PytreeLeaf): boolean {
  return EMPTY_KINDS.has(kind);
}

/** The array in which a leaf is stored; a typed key as its words. */
function arrayOf(leaf: PytreeLeaf): NdArray | undefined {
  if (leaf.kind === "array") return leaf.array;
  if (leaf.kind === "scalar") return arrayOfScalar(leaf.scalar);
  return leaf.kind === "prng-key" ? wordsOf(leaf.key) : undefined;
}

/** Every `Scalar` fits its own dtype. */
function arrayOfScalar({ dtype, value }: Scalar): NdArray {
  const array = arrayOfElements(dtype, [], [value]);
  if (array === undefined) throw new Error(`a ${dtype} scalar holds a value that is none`);
  return array;
}

const ZSTD: Compressor = { kind: "zstd", level: 1 };
const UNCOMPRESSED: Compressor = { kind: "none" };

/**
 * Arrays this small stay uncompressed, as a frame's header takes more than it saves; larger ones are compressed as
 * Orbax does, where the platform can.
 */
const LEAST_COMPRESSED_BYTES = 64;

/** The metadata now, as it may refuse the array; the chunk when its turn comes, so that not all are in memory. */
function encodeEntries(name: string, array: NdArray): NewEntry[] {
  const { dtype, shape, data } = array;
  ndarray(dtype, shape, data); // once more: whoever transfers an array's buffer leaves it empty
  const zstd = array.data.byteLength < LEAST_COMPRESSED_BYTES ? undefined : zstdEncoder();
  const compressor = zstd === undefined ? UNCOMPRESSED : ZSTD;
  const { metadata, chunks } = encodeArray(array, { compressor, zstd, checksum: false });
  return [
    [databaseKey(name, ARRAY_DOCUMENT[2]), encodeZarray(metadata)],
    ...chunks.map(
      ([key, encode]): NewEntry => [databaseKey(name, key), zstd === undefined ? encode() : encode],
    ),
  ];
}

function databaseKey(name: string, file: string): Uint8Array {
  const key = new TextEncoder().encode(arrayKey(name, file));
  if (key.length <= MAX_STRING_BYTES) return key;
  throw invalidArgument(`a name of ${key.length} bytes, at most ${MAX_STRING_BYTES}`);
}
