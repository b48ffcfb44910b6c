import { MemoryStorage } from "../../src/storage/memory.js";
import { envelope, hex, joined, toHex, u64le, utf8, varint } from "./bytes.js";

/** Part of a data file, by the file's path. */
export type Place = { readonly file: string; readonly offset: number; readonly length: number };

/** A child of an interior node; without `common` its keys are stored in full. */
export type Child = Place & { readonly key: string; readonly common?: number };

/**
 * The simplest body of a leaf that says so: no key shares a prefix, files in order of appearance, no file has a
 * base. Nothing is checked.
 */
export function leafBody(entries: readonly (readonly [key: string, value: string | Place])[]): Uint8Array {
  const keys = entries.map(([key]) => utf8(key));
  const values = entries.map(([, value]) => (typeof value === "string" ? utf8(value) : value));
  const inline = values.filter((value) => value instanceof Uint8Array);
  const places = values.flatMap((value) => (value instanceof Uint8Array ? [] : [value]));
  const files = [...new Set(places.map(({ file }) => file))];
  return joined([
    hex(`00 ${table(files)} ${varint(entries.length)}`),
    keyLengths(keys),
    ...keys,
    hex(values.map(({ length }) => varint(length)).join("")), // value_length
    hex(values.map((value) => (value instanceof Uint8Array ? "00" : "01")).join("")), // value_kind
    hex(places.map(({ file }) => varint(files.indexOf(file))).join("")), // data_file_id
    hex(places.map(({ offset }) => varint(offset)).join("")),
    ...inline,
  ]);
}

/** As {@link leafBody} for an interior node. All statistics are 0. */
export function interiorBody(height: number, children: readonly Child[]): Uint8Array {
  const keys = children.map(({ key }) => utf8(key));
  const files = [...new Set(children.map(({ file }) => file))];
  return joined([
    hex(`${toHex([height])} ${table(files)} ${varint(children.length)}`),
    keyLengths(keys),
    hex(children.map(({ common = 0 }) => varint(common)).join("")), // subtree_common_prefix_length
    ...keys,
    hex(children.map(({ file }) => varint(files.indexOf(file))).join("")), // data_file_id
    hex(children.map(({ offset }) => varint(offset)).join("")),
    hex(children.map(({ length }) => varint(length)).join("")),
    new Uint8Array(3 * children.length), // statistics
  ]);
}

/** key_prefix_length, all 0, and key_suffix_length. */
function keyLengths(keys: readonly Uint8Array[]): Uint8Array {
  const prefixes = "00".repeat(Math.max(0, keys.length - 1));
  return hex(`${prefixes} ${keys.map(({ length }) => varint(length)).join("")}`);
}

/** Hex digits of a data file table; a path is its base and the rest, parted by `|`, or has no base. */
export function table(paths: readonly string[]): string {
  const files = paths.map((path) => {
    const [base, rest] = path.includes("|") ? path.split("|") : ["", path];
    return { base: utf8(base ?? ""), whole: utf8(`${base}${rest}`) };
  });
  return [
    varint(files.length),
    "00".repeat(Math.max(0, files.length - 1)),
    ...files.map(({ whole }) => varint(whole.length)),
    ...files.map(({ base }) => varint(base.length)),
    ...files.map(({ whole }) => toHex(whole)),
  ].join(" ");
}

/** Hex digits of a configuration without compression. */
export function config({ kind = 0, arityLog2 = 4 } = {}): string {
  return `000102030405060708090a0b0c0d0e0f ${toHex([kind])} 64 80808004 ${toHex([arityLog2])} 00`;
}

/** A manifest of one version whose root lies at `root`. All statistics are 0. */
export function manifest(root: Place, height = 0, generation: number | bigint = 1): Uint8Array {
  return envelope(
    "manifest",
    hex(`
      ${config()}
      ${table([root.file])}
      01 ${varint(generation)} ${toHex([height])} 00         # one version: generation, height, file
      ${varint(root.offset)} ${varint(root.length)}
      00 00 00 ${u64le(1000)}                                # statistics, commit_time
      00                                                     # no version nodes
    `),
  );
}

/** The manifest of an empty tree, generation 1: its root is missing. */
export function emptyManifest(): Uint8Array {
  const missing = varint(2n ** 64n - 1n);
  return envelope(
    "manifest",
    hex(`${config()} ${table([""])} 01 01 00 00 ${missing} ${missing} 00 00 00 ${u64le(1000)} 00`),
  );
}

/** A data file that grows at its end. */
export class DataFile {
  readonly path: string;
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Appends bytes and tells where they lie. */
  append(bytes: Uint8Array): Place {
    const place = { file: this.path, offset: this.#length, length: bytes.length };
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return place;
  }

  /** Appends a B+tree node with this body. */
  appendNode(body: Uint8Array): Place {
    return this.append(envelope("node", body));
  }

  get bytes(): Uint8Array {
    return joined(this.#parts);
  }
}

/** A storage with these files. */
export function storageOf(files: Readonly<Record<string, Uint8Array>>): MemoryStorage {
  return new MemoryStorage(Object.entries(files).map(([path, bytes]) => [`/${path}`, bytes] as const));
}

/** A database of one node at `d/x`. */
export function oneNode(body: Uint8Array, height = 0): MemoryStorage {
  const file = new DataFile("d/x");
  const root = file.appendNode(body);
  return storageOf({ "manifest.ocdbt": manifest(root, height), [file.path]: file.bytes });
}
