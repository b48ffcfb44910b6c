import { crc32c } from "../../src/bytes/crc32c.js";
import { hex, joined, u64le } from "../ocdbt/bytes.js";

/** Files of a checkpoint by path. A text is written as UTF-8. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A path as `_METADATA` writes it: a string is a dict key, a number a list index. */
export type EntryPath = readonly (string | number)[];

/** An entry of `_METADATA` (docs/spec/orbax-layout.md section 6). */
export function entry(path: EntryPath, valueType: string, skip = false) {
  return {
    key_metadata: path.map((key) => ({ key: String(key), key_type: typeof key === "number" ? 1 : 2 })),
    value_metadata: { value_type: valueType, skip_deserialize: skip },
  };
}

const ENTRIES = {
  a: entry(["a"], "np.ndarray"),
  c: entry(["c"], "np.ndarray"),
  e: entry(["e"], "Dict", true),
  l0: entry(["l", 0], "scalar"),
  l1: entry(["l", 1], "scalar"),
  n: entry(["n"], "None", true),
  s: entry(["s"], "string"),
};

const METADATA = {
  tree_metadata: ENTRIES,
  use_ocdbt: false,
  use_zarr3: false,
  store_array_data_equal_to_fill_value: true,
  custom_metadata: null,
};

const STEP_METADATA = {
  item_handlers: "orbax.checkpoint._src.handlers.pytree_checkpoint_handler.PyTreeCheckpointHandler",
  metrics: {},
  performance_metrics: {},
  init_timestamp_nsecs: 1_750_000_000_000_000,
  commit_timestamp_nsecs: 1_750_000_000_000_001,
  custom_metadata: {},
};

/** `.zarray` of an array in one chunk, with changes. */
export function zarr2(dtype: string, shape: readonly number[], changes: object = {}): string {
  return JSON.stringify({
    chunks: shape,
    compressor: null,
    dimension_separator: ".",
    dtype,
    fill_value: null,
    filters: null,
    order: "C",
    shape,
    zarr_format: 2,
    ...changes,
  });
}

/** `zarr.json` of an array in one chunk, with changes. */
export function zarr3(dtype: string, shape: readonly number[], changes: object = {}): string {
  return JSON.stringify({
    chunk_grid: { name: "regular", configuration: { chunk_shape: shape } },
    chunk_key_encoding: { name: "default" },
    codecs: [BYTES],
    data_type: dtype,
    fill_value: 0,
    node_type: "array",
    shape,
    zarr_format: 3,
    ...changes,
  });
}

/** The codec of elements. */
export const BYTES = { name: "bytes", configuration: { endian: "little" } };

/** A shard as Orbax writes it, with some codecs of its inner chunks. */
export function sharded(chunkShape: readonly number[], codecs: readonly object[] = [BYTES]) {
  const indexCodecs = [BYTES, { name: "crc32c" }];
  return {
    name: "sharding_indexed",
    configuration: { chunk_shape: chunkShape, codecs, index_codecs: indexCodecs },
  };
}

/** A shard of some bytes and an index behind them, `undefined` for an inner chunk that is missing. */
export function shard(
  content: Uint8Array,
  ranges: readonly (readonly [offset: number | bigint, length: number | bigint] | undefined)[],
): Uint8Array {
  const missing = "ff".repeat(16);
  const index = hex(
    ranges.map((range) => (range === undefined ? missing : range.map(u64le).join(" "))).join(" "),
  );
  return joined([content, withCrc32c(index)]);
}

/** Bytes with their CRC-32C behind them. */
export function withCrc32c(bytes: Uint8Array): Uint8Array {
  return joined([bytes, hex(u64le(crc32c(bytes)).slice(0, 8))]);
}

/** float32 0, 1, 2. */
export const THREE_FLOATS = hex("00000000 0000803f 00000040");
/** int16 1, -2 and 3, -4. */
export const TWO_SHORTS = [hex("0100 feff"), hex("0300 fcff")] as const;
/** int64 7. */
export const SEVEN = hex("0700000000000000");

/**
 * A whole item written out by hand, without a database, zarr v2, no compression, as docs/spec/orbax-layout.md section
 * 17.1 shows it: `{a: [[0, 1, 2]], c: [1, -2, 3, -4], e: {}, l: [7, true], n: null, s: "hi"}`.
 */
export const ITEM: Files = {
  _CHECKPOINT_METADATA: JSON.stringify(STEP_METADATA),
  "commit_success.txt": "Checkpoint commit was successful to /somewhere",
  _METADATA: JSON.stringify(METADATA),
  "_strings.json": '{"s":"hi"}',
  "a/.zarray": zarr2("<f4", [1, 3]),
  "a/0.0": THREE_FLOATS,
  "c/.zarray": zarr2("<i2", [4], { chunks: [2] }),
  "c/0": TWO_SHORTS[0],
  "c/1": TWO_SHORTS[1],
  "l.0/.zarray": zarr2("<i8", []),
  "l.0/0": SEVEN,
  "l.1/.zarray": zarr2("|b1", []),
  "l.1/0": Uint8Array.of(1),
};

/** One array, `a`, of zarr v2: all that `.zarray` says of it, and its chunks. */
export function arrayItem2(document: string, chunks: Files, metadata: object = {}): Files {
  return arrayItem({ use_zarr3: false, ...metadata }, { "a/.zarray": document, ...inArray(chunks) });
}

/** The same of zarr v3. */
export function arrayItem3(document: string, chunks: Files, metadata: object = {}): Files {
  return arrayItem({ use_zarr3: true, ...metadata }, { "a/zarr.json": document, ...inArray(chunks) });
}

function arrayItem(metadata: object, files: Files): Files {
  const tree = { ...METADATA, tree_metadata: { a: ENTRIES.a }, ...metadata };
  return { _METADATA: JSON.stringify(tree), ...files };
}

function inArray(chunks: Files): Files {
  return Object.fromEntries(Object.entries(chunks).map(([key, bytes]) => [`a/${key}`, bytes]));
}

/** Files with some replaced, `undefined` for one to take away. */
export function changed(files: Files, changes: Readonly<Record<string, Files[string] | undefined>>): Files {
  const result: Record<string, Files[string]> = { ...files };
  for (const [path, content] of Object.entries(changes)) {
    if (content === undefined) Reflect.deleteProperty(result, path);
    else result[path] = content;
  }
  return result;
}

/** Files without those at or below some paths. */
export function without(files: Files, ...paths: readonly string[]): Files {
  const isGone = (path: string) => paths.some((gone) => path === gone || path.startsWith(`${gone}/`));
  return Object.fromEntries(Object.entries(files).filter(([path]) => !isGone(path)));
}

/** Files of which one, a JSON object, has some members replaced; one that is `undefined` is taken away. */
export function withMembers(files: Files, path: string, members: object): Files {
  const text = files[path];
  if (typeof text !== "string") throw new Error(`${path}: no text`);
  const json: unknown = JSON.parse(text);
  return changed(files, { [path]: JSON.stringify({ ...Object(json), ...members }) });
}

/** The item with some entries of its tree replaced, or taken away. */
export function withEntries(entries: Readonly<Record<string, unknown>>, files = ITEM): Files {
  return withMembers(files, "_METADATA", { tree_metadata: { ...ENTRIES, ...entries } });
}
