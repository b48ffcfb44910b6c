import { dataLoss, isOrbaxError, limitExceeded, OrbaxError, unsupported } from "../errors.js";
import { type Limits, withDefaultLimits } from "../limits.js";
import { tooDeep, walkDepth } from "../pytree/depth.js";
import type { PathAndLeaf } from "../pytree/flatten.js";
import { formatKeyPath, type KeyPath, type KeyPathPart } from "../pytree/key-path.js";
import type { PytreeLeaf } from "../pytree/leaf.js";
import { complex, Scalar } from "../pytree/value.js";
import { isChunkedArray, joinChunkedArray } from "./chunked-array.js";
import { dictKeyName } from "./dict-key.js";
import { decodeText, type MsgpackItem, MsgpackReader } from "./msgpack-reader.js";
import { decodePackedArray, isPacked, type RawLeaf, unpackArray } from "./packed-array.js";

/** How {@link decodeMsgpackTree} reads. */
export type MsgpackTreeOptions = {
  /** How to call the file in messages. */
  readonly what: string;
  readonly limits?: Partial<Limits> | undefined;
};

/**
 * The leaves of a tree that `flax.serialization` or an Orbax before 0.5.16 wrote as one msgpack object, depth first, a
 * dict's keys in the order of the file (docs/spec/orbax-layout.md section 20). A NumPy scalar is an array of rank 0,
 * as Python restores it; arrays and bytes have memory of their own. Keys that are no strings are called as Python's
 * `str` calls them. A `PLACEHOLDER://…` of Orbax is an ordinary string leaf.
 *
 * @throws {OrbaxError} `DATA_LOSS` for damage, two keys of one dict that are called the same, an array whose data
 * has another length than its dtype and shape ask for · `UNSUPPORTED` for other dtypes, extension types and kinds of
 * keys · `LIMIT_EXCEEDED` for more containers inside each other than `limits.depth`, more leaves than
 * `limits.listedKeys`, leaves and key paths of more bytes than `limits.treeBytes`, a larger array than
 * `limits.arrayBytes`.
 */
export function decodeMsgpackTree(
  bytes: Uint8Array,
  { what, limits }: MsgpackTreeOptions,
): readonly PathAndLeaf[] {
  const complete = withDefaultLimits(limits);
  return new TreeDecoder(bytes, what, complete).decode().map((leaf) => {
    if (!isPacked(leaf)) return leaf; // as it is: there can be millions
    try {
      return { path: leaf.path, leaf: { kind: "array", array: unpackArray(leaf.packed, complete) } };
    } catch (error) {
      throw atPath(error, what, leaf.path);
    }
  });
}

/** A container of which not all children have been read. */
type Frame = {
  readonly kind: "dict" | "list" | "tuple";
  readonly length: number;
  /** Children that have been begun. */
  begun: number;
  /** Names of a dict's keys so far; always empty for others. */
  readonly names: Set<string>;
  /** Number of the leaf that is its first. */
  readonly firstLeaf: number;
  /** Whether it and all around it are dicts. */
  readonly inDicts: boolean;
  /** Where the extension ends whose body a tuple is. */
  readonly end: number | undefined;
};

// Codes of Flax's extension types; the last one is Orbax's own.
const NDARRAY = 1;
const COMPLEX = 2;
const NUMPY_SCALAR = 3;
const TUPLE = 4;

/** What a leaf takes in memory, and on its way to somebody who looks at it; a part of its key path; its array. */
const LEAF_BYTES = 256;
const PART_BYTES = 8;
const ARRAY_BYTES = 256;

/** Reads object by object rather than by recursion, so that depth costs no stack. */
class TreeDecoder {
  readonly #what: string;
  readonly #limits: Limits;
  readonly #depth: number;
  readonly #reader: MsgpackReader;
  /** The containers that are open, outermost first. */
  readonly #frames: Frame[] = [];
  /** Where the object lies that is being read: a part for each frame. */
  readonly #path: KeyPathPart[] = [];
  readonly #leaves: RawLeaf[] = [];
  #treeBytes = 0;

  constructor(bytes: Uint8Array, what: string, limits: Limits) {
    this.#what = what;
    this.#limits = limits;
    this.#depth = walkDepth(limits);
    this.#reader = new MsgpackReader(bytes, "msgpack");
  }

  decode(): readonly RawLeaf[] {
    try {
      this.#value();
      for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
        this.#path.length = this.#frames.length - 1;
        if (frame.begun < frame.length) this.#child(frame);
        else this.#close(frame);
      }
      this.#reader.end();
    } catch (error) {
      throw atPath(error, this.#what, this.#path);
    }
    return this.#leaves;
  }

  #child(frame: Frame): void {
    this.#path.push(frame.kind === "dict" ? this.#key(frame.names) : frame.begun);
    frame.begun++;
    this.#value();
  }

  /** @throws {OrbaxError} `DATA_LOSS` for a second key of one name: Python would drop the first, or has two. */
  #key(names: Set<string>): string {
    const { offset } = this.#reader;
    const key = this.#reader.next();
    const name = dictKeyName(key);
    if (name === undefined) throw unsupported("dict key", { offset, field: "its kind", found: key.kind });
    if (names.has(name)) {
      throw dataLoss("dict key", { offset, field: "its name", found: name, expected: "another than before" });
    }
    names.add(name);
    return name;
  }

  /** Reads a leaf, or the head of a container. */
  #value(): void {
    const item = this.#reader.next();
    if (item.kind === "map") this.#open("dict", item.length);
    else if (item.kind === "array") this.#open("list", item.length);
    else if (item.kind === "ext") this.#extension(item);
    else this.#add(leafOf(item));
  }

  #extension({ code, start, end }: MsgpackExtension): void {
    const body = this.#reader.within(start, end);
    if (code === NDARRAY || code === NUMPY_SCALAR) {
      this.#push({ path: this.#path.slice(), packed: decodePackedArray(body) });
    } else if (code === COMPLEX) {
      this.#add({ kind: "scalar", scalar: decodeComplex(body) });
    } else if (code === TUPLE) {
      const head = body.next();
      if (head.kind !== "array") throw dataLoss("tuple", { offset: start, expected: "an array" });
      // Its items are read like all others; whether they end where the extension does is seen at its end.
      this.#reader.offset = body.offset;
      this.#open("tuple", head.length, end);
    } else {
      throw unsupported("msgpack", { offset: start, field: "extension type", found: code });
    }
  }

  #open(kind: Frame["kind"], length: number, end?: number): void {
    if (length === 0) {
      this.#requireEnd(end);
      this.#add(EMPTIES[kind]);
      return;
    }
    if (this.#frames.length >= this.#depth) throw tooDeep(this.#what, this.#depth);
    const names = kind === "dict" ? new Set<string>() : NO_NAMES; // a file can have millions of lists
    const inDicts = kind === "dict" && this.#frames.at(-1)?.inDicts !== false;
    const firstLeaf = this.#leaves.length;
    this.#frames.push({ kind, length, begun: 0, names, firstLeaf, inDicts, end });
  }

  #close({ end, inDicts, names, firstLeaf }: Frame): void {
    this.#requireEnd(end);
    this.#frames.pop();
    // Flax looks for these maps in dicts only, and leaves those in lists and tuples as they are.
    if (!inDicts || !isChunkedArray(names)) return;
    const packed = joinChunkedArray(this.#leaves.splice(firstLeaf), this.#path.length);
    this.#push({ path: this.#path.slice(), packed });
  }

  #requireEnd(end: number | undefined): void {
    const { offset } = this.#reader;
    if (end === undefined || offset === end) return;
    throw dataLoss("tuple", { offset, field: "end of the items", found: offset, expected: `byte ${end}` });
  }

  #add(leaf: PytreeLeaf): void {
    this.#push({ path: this.#path.slice(), leaf });
  }

  #push(leaf: RawLeaf): void {
    const { listedKeys, treeBytes } = this.#limits;
    this.#treeBytes += LEAF_BYTES + leaf.path.length * PART_BYTES + (isPacked(leaf) ? ARRAY_BYTES : 0);
    if (this.#leaves.length >= listedKeys) throw this.#tooMany("leaves", "listedKeys");
    // A thousand lists in each other around a million numbers have paths of 8 GB.
    if (this.#treeBytes > treeBytes) throw this.#tooMany("bytes of leaves and key paths", "treeBytes");
    this.#leaves.push(leaf);
  }

  #tooMany(things: string, limit: keyof Limits) {
    return limitExceeded(this.#what, { expected: `at most ${this.#limits[limit]} ${things}`, limit });
  }
}

const NO_NAMES = new Set<string>();

type MsgpackExtension = Extract<MsgpackItem, { readonly kind: "ext" }>;
type MsgpackLeaf = Exclude<MsgpackItem, { readonly kind: "map" | "array" | "ext" }>;

const NONE: PytreeLeaf = { kind: "none" };
const TRUE: PytreeLeaf = { kind: "scalar", scalar: new Scalar("bool", true) };
const FALSE: PytreeLeaf = { kind: "scalar", scalar: new Scalar("bool", false) };
const NO_BYTES: PytreeLeaf = { kind: "bytes", bytes: new Uint8Array(0) };
const EMPTIES = {
  dict: { kind: "empty-dict" },
  list: { kind: "empty-list" },
  tuple: { kind: "empty-tuple" },
} as const;

function leafOf(item: MsgpackLeaf): PytreeLeaf {
  switch (item.kind) {
    case "nil":
      return NONE;
    case "bool":
      return item.value ? TRUE : FALSE;
    case "int":
      return intLeaf(item.value);
    case "float":
      return { kind: "scalar", scalar: new Scalar("float64", item.value) };
    case "str":
      return { kind: "string", text: decodeText(item.bytes, "string") };
    case "bin":
      return item.bytes.length === 0 ? NO_BYTES : { kind: "bytes", bytes: new Uint8Array(item.bytes) };
  }
}

/** The leaves of −128 to 127, which a file of a few MB can hold millions of. */
const SMALL_INTS = Array.from({ length: 256 }, (_, index) => newIntLeaf(index - 128));

function intLeaf(value: number | bigint): PytreeLeaf {
  return (typeof value === "number" ? SMALL_INTS[value + 128] : undefined) ?? newIntLeaf(value);
}

function newIntLeaf(value: number | bigint): PytreeLeaf {
  return { kind: "scalar", scalar: new Scalar(value >= 2n ** 63n ? "uint64" : "int64", value) };
}

function decodeComplex(body: MsgpackReader): Scalar {
  const { offset } = body;
  const head = body.next();
  if (head.kind === "array" && head.length === 2) {
    const [re, im] = [body.next(), body.next()];
    body.end();
    if ((re.kind === "float" || re.kind === "int") && (im.kind === "float" || im.kind === "int")) {
      return new Scalar("complex128", complex(Number(re.value), Number(im.value)));
    }
  }
  throw dataLoss("complex number", { offset, expected: "[real, imaginary]" });
}

/** Longest key path in a message. */
const LONGEST_PATH = 200;

/** Limits of the whole tree, of which no leaf is to blame. */
const TREE_LIMITS: ReadonlySet<string | undefined> = new Set(["depth", "listedKeys", "treeBytes"]);

/** Says in which file and where in its tree an error was found. */
function atPath(error: unknown, what: string, path: KeyPath): unknown {
  if (!isOrbaxError(error) || TREE_LIMITS.has(error.details.limit)) return error;
  const key = formatKeyPath(path);
  const place = key.length > LONGEST_PATH ? `${key.slice(0, LONGEST_PATH)}…` : key || "the root";
  const message = `${what}: ${place}: ${error.message}`;
  return new OrbaxError(error.code, message, { ...error.details, key }, { cause: error });
}
