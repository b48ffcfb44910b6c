import { encodeTreeMetadata, type TreeEntry } from "../../src/checkpoint/metadata/tree-metadata.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { hex } from "../ocdbt/bytes.js";

/** An array of an item: its value type, members of `.zarray` that matter, chunks in hex digits by key. */
export type StoredArray = {
  readonly type?: string;
  readonly zarray?: object;
  readonly chunks?: Readonly<Record<string, string>>;
};

/** What beside its arrays makes an item; `false` leaves a file out. */
export type ItemParts = {
  readonly entries?: readonly TreeEntry[];
  readonly useOcdbt?: boolean;
  readonly storesAllChunks?: boolean;
  readonly files?: Readonly<Record<string, string | false>>;
};

const text = (value: string) => new TextEncoder().encode(value);

/** `.zarray` as TensorStore writes it for a scalar int64, with changes. */
export function zarray(changes: object = {}): string {
  return JSON.stringify({
    chunks: [],
    compressor: null,
    dimension_separator: ".",
    dtype: "<i8",
    fill_value: null,
    filters: null,
    order: "C",
    shape: [],
    zarr_format: 2,
    ...changes,
  });
}

/** The scalar 7. */
export const SEVEN: StoredArray = { chunks: { "0": "0700000000000000" } };

/** An item in the file layout, an array a top-level key, written out by hand (docs/spec/orbax-layout.md 17.1). */
export function storedItem(
  arrays: Readonly<Record<string, StoredArray>>,
  { entries = [], useOcdbt = false, storesAllChunks = true, files = {} }: ItemParts = {},
): MemoryStorage {
  const contents = new Map<string, Uint8Array>();
  const listed: TreeEntry[] = [...entries];
  for (const [name, { type = "scalar", zarray: changes, chunks = {} }] of Object.entries(arrays)) {
    listed.push({ path: [name], valueType: type, skipDeserialize: false });
    contents.set(`/${name}/.zarray`, text(zarray(changes)));
    for (const [key, digits] of Object.entries(chunks)) contents.set(`/${name}/${key}`, hex(digits));
  }
  const metadata = { entries: listed, useOcdbt, useZarr3: false, storesAllChunks, customMetadata: null };
  contents.set("/_METADATA", encodeTreeMetadata(metadata));
  for (const [key, content] of Object.entries(files)) {
    if (content === false) contents.delete(key);
    else contents.set(key, text(content));
  }
  return new MemoryStorage(contents);
}

/** A storage with these files, texts or bytes, by path without leading slash. */
export function storageWith(files: Readonly<Record<string, string | Uint8Array>>): MemoryStorage {
  return new MemoryStorage(
    Object.entries(files).map(([path, content]) => [
      `/${path}`,
      typeof content === "string" ? text(content) : content,
    ]),
  );
}
