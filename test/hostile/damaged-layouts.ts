import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Dump, expectedDump, expectedPart, FIXTURES, parseDump } from "../checkpoint/dump-tree.js";
import { changed, type Files, withMembers, without } from "./hand-item.js";

/** A checkpoint of real Orbax of which something was taken, and what must come of it. */
export type LayoutCase = {
  readonly files: Files;
  /** Behind the path on the command line. */
  readonly args?: readonly string[];
  /** What each way to restore makes of it in Orbax 0.12.8, below the path: by default it is not asked. */
  readonly orbax?: OrbaxVerdicts;
} & LayoutOutcome;

type LayoutOutcome =
  | { readonly gives: Dump; readonly warning?: string }
  | { readonly refused: string; readonly code?: string };

/** `same`: the values that we give; `words`: the same, but the words of typed random keys as arrays. */
export type OrbaxVerdicts = {
  readonly [api in "PyTreeCheckpointer" | "StandardCheckpointer" | "v1"]?: "same" | "words" | "refuses";
};

/** All files of a fixture in fixtures/orbax, or of a folder in it: texts as texts. */
export function fixtureFiles(path: string): Files {
  const folder = join(FIXTURES, path);
  const files: Record<string, string | Uint8Array> = {};
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const whole = join(file.parentPath, file.name);
    const bytes = readFileSync(whole);
    const name = whole.slice(folder.length).replace(/^\//, "");
    files[name] = /(?:^|\/)(?:_[^/]*|process_0|zarr\.json|\.zarray)$/.test(name)
      ? bytes.toString()
      : new Uint8Array(bytes);
  }
  return files;
}

const STANDARD = fixtureFiles("standard-ocdbt-zarr2");
const ZARR3 = fixtureFiles("pytree-ocdbt-zarr3");
const FILES2 = fixtureFiles("files-zarr2");
const FILES3 = fixtureFiles("files-zarr3");
const V1 = fixtureFiles("v1");
const MANAGER = fixtureFiles("manager");
const PARTIAL = fixtureFiles("partial/open.partial_save");
const DONE = fixtureFiles("partial/done");

const standard = expectedDump("standard-ocdbt-zarr2");
const zarr3 = expectedDump("pytree-ocdbt-zarr3");
const files2 = expectedDump("files-zarr2");
const files3 = expectedDump("files-zarr3");
const v1 = expectedDump("v1");
const partial = expectedPart("partial", "open");
const done = expectedPart("partial", "done");

const BOTH = { PyTreeCheckpointer: "same", StandardCheckpointer: "same" } as const;
const NEITHER = { PyTreeCheckpointer: "refuses", StandardCheckpointer: "refuses" } as const;
/** Only a jax.Array needs its sharding, and only where Orbax shall make one. */
const STANDARD_ONLY = { PyTreeCheckpointer: "refuses", StandardCheckpointer: "words" } as const;
const BELIEVES_THE_FLAG = NEITHER;

/** Typed random keys as they come back where nothing says that they are some: the words of them. */
export function withoutKeys(dump: Dump): Dump {
  return Object.fromEntries(
    Object.entries(dump).map(([path, leaf]) => {
      const { impl: _, ...words } = leaf;
      return [path, leaf.kind === "prng-key" ? { ...words, kind: "array" } : leaf];
    }),
  );
}

/** `_METADATA` with another tree. */
function withTree(
  files: Files,
  change: (entries: [string, unknown][]) => [string, unknown][],
  at = "_METADATA",
) {
  const metadata: unknown = JSON.parse(String(files[at]));
  const tree: object = Reflect.get(Object(metadata), "tree_metadata");
  return withMembers(files, at, { tree_metadata: Object.fromEntries(change(Object.entries(tree))) });
}

const retyped = (from: string, to: string) => (entries: [string, unknown][]) =>
  entries.map(([name, entry]): [string, unknown] => [
    name,
    JSON.parse(JSON.stringify(entry).replace(`"value_type":"${from}"`, `"value_type":"${to}"`)),
  ]);

/** Names of files of a database's data, in a folder of it. */
const dataFiles = (files: Files, folder: string) =>
  Object.keys(files).filter((name) => name.startsWith(`${folder}d/`));

const firstData = (files: Files, folder = ""): string => {
  const [name] = dataFiles(files, folder);
  if (name === undefined) throw new Error(`no data files in ${folder}`);
  return name;
};

const cut = (files: Files, name: string): Files => {
  const bytes = files[name];
  if (bytes === undefined || typeof bytes === "string") throw new Error(`${name}: no bytes`);
  return changed(files, { [name]: bytes.subarray(0, bytes.length - 1) });
};

/** `array_metadatas` that neither reads. */
function arrayMetadatas(contents: Readonly<Record<string, string>>): Readonly<Record<string, LayoutCase>> {
  return Object.fromEntries(
    Object.entries(contents).map(([what, content]) => {
      const files = changed(STANDARD, { "array_metadatas/process_0": content });
      const refused = "array_metadatas/process_0: array metadatas";
      return [`array_metadatas ${what}`, { files, refused, orbax: NEITHER }];
    }),
  );
}

function entryOf(changes: object): string {
  const entry = {
    param_name: "keys.one",
    write_shape: [2],
    chunk_shape: [2],
    ext_metadata: null,
    ...changes,
  };
  return JSON.stringify({ array_metadatas: [{ array_metadata: entry }] });
}

/** Which files each API needs (docs/spec/orbax-layout.md section 16). */
export const singleItems: Readonly<Record<string, LayoutCase>> = {
  nothing: { files: STANDARD, gives: standard, orbax: BOTH },
  "no _CHECKPOINT_METADATA": {
    files: without(STANDARD, "_CHECKPOINT_METADATA"),
    gives: standard,
    orbax: BOTH,
  },
  "a damaged _CHECKPOINT_METADATA": {
    files: changed(STANDARD, { _CHECKPOINT_METADATA: '{"item_handlers' }),
    gives: standard,
    orbax: BOTH,
  },
  "a _CHECKPOINT_METADATA that is {}": {
    files: changed(STANDARD, { _CHECKPOINT_METADATA: "{}" }),
    gives: standard,
    orbax: BOTH,
  },
  "a _CHECKPOINT_METADATA that is null": {
    files: changed(STANDARD, { _CHECKPOINT_METADATA: "null" }),
    gives: standard,
  },
  "no commit_success.txt": { files: without(STANDARD, "commit_success.txt"), gives: standard, orbax: BOTH },
  "no _METADATA": {
    files: without(STANDARD, "_METADATA"),
    refused: "Metadata file (named _METADATA) does not exist",
    code: "NOT_FOUND",
    orbax: NEITHER,
  },
  "a _METADATA that is no JSON": {
    files: changed(STANDARD, { _METADATA: "{]" }),
    refused: "_METADATA: tree metadata: JSON text",
    orbax: NEITHER,
  },
  "no _sharding": { files: without(STANDARD, "_sharding"), gives: standard, orbax: STANDARD_ONLY },
  "a _sharding without its keys": {
    files: changed(STANDARD, { _sharding: "{}" }),
    gives: standard,
    orbax: NEITHER,
  },
  "a _sharding that is no JSON": {
    files: changed(STANDARD, { _sharding: "{" }),
    gives: standard,
    orbax: NEITHER,
  },
  "a _sharding over a device that is not there": {
    files: changed(STANDARD, { _sharding: String(STANDARD["_sharding"]).replaceAll("cpu:0", "tpu:7") }),
    gives: standard,
    orbax: NEITHER,
  },
  "no array_metadatas": {
    files: without(STANDARD, "array_metadatas"),
    gives: withoutKeys(standard),
    orbax: BOTH,
  },
  "an empty array_metadatas": {
    files: changed(STANDARD, { "array_metadatas/process_0": '{"array_metadatas": []}' }),
    gives: withoutKeys(standard),
    orbax: BOTH,
  },
  "array_metadatas without their list": {
    files: changed(STANDARD, { "array_metadatas/process_0": "{}" }),
    gives: withoutKeys(standard),
    orbax: BOTH,
  },
  ...arrayMetadatas({
    "no JSON": "{",
    "a list": "[]",
    "with a list of something else": '{"array_metadatas": [1]}',
    "without a name": entryOf({ param_name: undefined }),
    "without a write_shape": entryOf({ write_shape: undefined }),
    "without a chunk_shape": entryOf({ chunk_shape: undefined }),
    "with a chunk_shape that is null": entryOf({ chunk_shape: null }),
    "with a generator that is a number": entryOf({ ext_metadata: { random_key_impl: 5 } }),
  }),
  "no ocdbt.process_0, whose values are not inline": {
    files: without(STANDARD, "ocdbt.process_0"),
    refused: "ocdbt.process_0/d/",
    orbax: NEITHER,
  },
  "no manifest.ocdbt": {
    files: without(STANDARD, "manifest.ocdbt"),
    refused: "manifest.ocdbt: not found",
    orbax: NEITHER,
  },
  "no d": { files: without(STANDARD, "d"), refused: "no such file", orbax: NEITHER },
  "no manifest.ocdbt, nor a process's database": {
    files: without(STANDARD, "manifest.ocdbt", "ocdbt.process_0"),
    refused: "manifest.ocdbt: not found",
    orbax: NEITHER,
  },
  "a manifest.ocdbt that is cut": {
    files: cut(STANDARD, "manifest.ocdbt"),
    refused: "manifest.ocdbt",
    orbax: NEITHER,
  },
  "a node that is cut": {
    files: cut(STANDARD, firstData(STANDARD)),
    refused: firstData(STANDARD),
    orbax: NEITHER,
  },
  "a node that is missing": {
    files: without(STANDARD, firstData(STANDARD)),
    refused: firstData(STANDARD),
    orbax: NEITHER,
  },
  "a data file that is missing": {
    files: without(STANDARD, ...dataFiles(STANDARD, "ocdbt.process_0/").slice(0, 4)),
    refused: "ocdbt.process_0/d/",
    orbax: NEITHER,
  },
  "no use_ocdbt": {
    files: withMembers(STANDARD, "_METADATA", { use_ocdbt: undefined }),
    gives: standard,
    orbax: BOTH,
  },
  "a use_ocdbt that is wrong": {
    files: withMembers(STANDARD, "_METADATA", { use_ocdbt: false }),
    gives: standard,
    orbax: BELIEVES_THE_FLAG,
  },
  "a use_ocdbt that is wrong over files": {
    files: withMembers(FILES2, "_METADATA", { use_ocdbt: true }),
    gives: files2,
    orbax: BELIEVES_THE_FLAG,
  },
  "no use_zarr3": {
    files: withMembers(STANDARD, "_METADATA", { use_zarr3: undefined }),
    gives: standard,
    orbax: BOTH,
  },
  "no use_zarr3 over zarr v3": {
    files: withMembers(ZARR3, "_METADATA", { use_zarr3: undefined }),
    refused: ".zarray",
    orbax: NEITHER,
  },
  "a use_zarr3 that is wrong": {
    files: withMembers(STANDARD, "_METADATA", { use_zarr3: true }),
    refused: "zarr.json",
    orbax: NEITHER,
  },
  "no store_array_data_equal_to_fill_value, custom_metadata": {
    files: withMembers(STANDARD, "_METADATA", {
      store_array_data_equal_to_fill_value: undefined,
      custom_metadata: undefined,
    }),
    gives: standard,
    orbax: BOTH,
  },
  "no write_shape": {
    files: changed(STANDARD, {
      _METADATA: String(STANDARD["_METADATA"]).replaceAll(/, "write_shape": \[[^\]]*\]/g, ""),
    }),
    gives: standard,
    orbax: BOTH,
  },
  "arrays of JAX that claim to be of NumPy": {
    files: withTree(STANDARD, retyped("jax.Array", "np.ndarray")),
    gives: withoutKeys(standard),
    orbax: BOTH,
  },
  "arrays of NumPy that claim to be of JAX": {
    files: withTree(STANDARD, retyped("np.ndarray", "jax.Array")),
    gives: standard,
    orbax: NEITHER,
  },
  "entries in reverse order": {
    files: withTree(STANDARD, (entries) => entries.reverse()),
    gives: standard,
    orbax: BOTH,
  },
  "zarr v3 without what nobody needs": {
    files: without(ZARR3, "_CHECKPOINT_METADATA", "commit_success.txt"),
    gives: zarr3,
    orbax: { PyTreeCheckpointer: "same" },
  },
  "files without what nobody needs": {
    files: without(FILES3, "_CHECKPOINT_METADATA", "commit_success.txt", "_sharding"),
    gives: files3,
    orbax: { PyTreeCheckpointer: "refuses" },
  },
  "a shard that is missing": {
    files: without(FILES3, "chunked/c/1/0"),
    refused: "chunked: 1 of 2 chunks is missing: c/1/0",
    orbax: NEITHER,
  },
  "an array that is missing": {
    files: without(FILES3, "chunked"),
    refused: "chunked: zarr.json",
    orbax: NEITHER,
  },
  "a shard that is cut": {
    files: cut(FILES3, "chunked/c/1/0"),
    refused: "chunked: chunk c/1/0",
    orbax: NEITHER,
  },
};

const STEP_METADATA = String(MANAGER["20/_CHECKPOINT_METADATA"]);
const WITHOUT_CONFIG = STEP_METADATA.replace(/"config": "[^"]*", /, "");

/** Members of a deletion record, as JSON: times are larger than what JavaScript's numbers hold. */
const RECORD = {
  checkpointable_name: '"config"',
  destination: "null",
  operation_id: '"0123456789abcdef0123456789abcdef"',
  original_metadata: STEP_METADATA,
  updated_metadata: WITHOUT_CONFIG,
};

/** A step of which an item is being deleted, with other members in the record, `undefined` for none. */
function deleting(changes: { readonly [member: string]: string | undefined }, files: Files = MANAGER): Files {
  const members = Object.entries({ ...RECORD, ...changes }).filter(([, json]) => json !== undefined);
  const text = `{${members.map(([name, json]) => `"${name}": ${json}`).join(", ")}}`;
  return changed(files, { "20/_CHECKPOINT_DELETION": text });
}

const STATE = ["--step", "20", "--item", "state"];
const CONFIG = ["--step", "20", "--item", "config"];
const state = stepOf("20");

function stepOf(step: string): Dump {
  const expected: unknown = JSON.parse(readFileSync(join(FIXTURES, "manager.expected.json"), "utf8"));
  const steps: unknown = Reflect.get(Object(expected), "steps");
  return parseDump(Reflect.get(Object(Reflect.get(Object(steps), step)), "state"));
}

/** Steps with items, by a manager and by the v1 interface; deletions that have begun (extra section 5). */
export const steps: Readonly<Record<string, LayoutCase>> = {
  "v1 and nothing wrong": { files: V1, gives: v1, orbax: { v1: "same" } },
  "v1 without orbax.checkpoint": { files: without(V1, "orbax.checkpoint"), gives: v1, orbax: { v1: "same" } },
  "v1 without _CHECKPOINT_METADATA": {
    files: without(V1, "_CHECKPOINT_METADATA"),
    gives: v1,
    orbax: { v1: "refuses" },
  },
  "v1 with neither": {
    files: without(V1, "_CHECKPOINT_METADATA", "orbax.checkpoint"),
    gives: v1,
    orbax: { v1: "same" },
  },
  "v1 with a _CHECKPOINT_METADATA of {}": {
    files: changed(V1, { _CHECKPOINT_METADATA: "{}" }),
    gives: v1,
    orbax: { v1: "same" },
  },
  "v1 with a damaged _CHECKPOINT_METADATA": {
    files: changed(V1, { _CHECKPOINT_METADATA: "{" }),
    gives: v1,
    orbax: { v1: "same" },
  },
  "v1 with another name of its item": {
    files: Object.fromEntries(
      Object.entries(V1).map(([name, bytes]) => [name.replace(/^state\//, "weights/"), bytes]),
    ),
    gives: v1,
    orbax: { v1: "same" },
  },
  "v1 without _sharding": { files: without(V1, "state/_sharding"), gives: v1, orbax: { v1: "refuses" } },
  "v1 whose tree lost its metadata": {
    files: without(V1, "state/_METADATA"),
    refused: "_METADATA",
    code: "NOT_FOUND",
    orbax: { v1: "refuses" },
  },

  "a manager's step": { files: MANAGER, args: STATE, gives: state },
  "a step without _CHECKPOINT_METADATA": {
    files: without(MANAGER, "20/_CHECKPOINT_METADATA"),
    args: STATE,
    gives: state,
  },
  "a step with a damaged _CHECKPOINT_METADATA": {
    files: changed(MANAGER, { "20/_CHECKPOINT_METADATA": "[" }),
    args: STATE,
    gives: state,
  },
  "a step without metrics": { files: without(MANAGER, "20/metrics"), args: STATE, gives: state },
  "a step without any commit_success.txt": {
    files: without(MANAGER, ...Object.keys(MANAGER).filter((name) => name.endsWith("commit_success.txt"))),
    args: STATE,
    gives: state,
  },
  "steps without their root's metadata": { files: without(MANAGER, "metadata"), args: STATE, gives: state },
  "an item that is missing": {
    files: without(MANAGER, "20/state"),
    args: STATE,
    refused: "state",
    code: "NOT_FOUND",
  },
  "an item whose tree lost its metadata": {
    files: without(MANAGER, "20/state/_METADATA"),
    args: STATE,
    refused: "_METADATA",
    code: "NOT_FOUND",
  },

  "another item than is being deleted": { files: deleting({}), args: STATE, gives: state },
  "the item that is being deleted": {
    files: deleting({}),
    args: CONFIG,
    refused: "deletion",
    code: "NOT_FOUND",
  },
  "a deletion after its last write": {
    files: deleting({}, changed(MANAGER, { "20/_CHECKPOINT_METADATA": WITHOUT_CONFIG })),
    args: STATE,
    gives: state,
  },
  "a deletion to somewhere": { files: deleting({ destination: '"/trash"' }), args: STATE, gives: state },
  "a deletion without its optional field": {
    files: deleting({ destination: undefined }),
    args: STATE,
    gives: state,
  },
  "a deletion of another id": {
    files: deleting({ operation_id: '"0123"' }),
    args: STATE,
    refused: "operation_id",
  },
  "a deletion of an id in capitals": {
    files: deleting({ operation_id: '"0123456789ABCDEF0123456789ABCDEF"' }),
    args: STATE,
    refused: "operation_id",
  },
  "a deletion without id": {
    files: deleting({ operation_id: undefined }),
    args: STATE,
    refused: "operation_id",
  },
  "a deletion to a number": { files: deleting({ destination: "5" }), args: STATE, refused: "destination" },
  "a deletion of nothing": {
    files: deleting({ checkpointable_name: undefined }),
    args: STATE,
    refused: "checkpointable_name",
  },
  "a deletion of what is not there": {
    files: deleting({ checkpointable_name: '"other"' }),
    args: STATE,
    refused: "_CHECKPOINT_DELETION",
  },
  "a deletion that updates to something else": {
    files: deleting({ updated_metadata: STEP_METADATA }),
    args: STATE,
    refused: 'expected original_metadata without "config"',
  },
  "a deletion without its originals": {
    files: deleting({ original_metadata: undefined }),
    args: STATE,
    refused: "original_metadata",
  },
  "a deletion from another step": {
    files: changed(deleting({}), { "20/_CHECKPOINT_METADATA": MANAGER["10/_CHECKPOINT_METADATA"] }),
    args: STATE,
    refused: "_CHECKPOINT_METADATA",
  },
  "a deletion that is no JSON": {
    files: changed(MANAGER, { "20/_CHECKPOINT_DELETION": "{" }),
    args: STATE,
    refused: "_CHECKPOINT_DELETION",
  },
  "a deletion that was never linked": {
    files: changed(MANAGER, { "20/.orbax-delete-x1": "{" }),
    args: STATE,
    gives: state,
  },
};

const SALVAGE = ["--salvage"];
const [PENDING = "", SECOND_PENDING = ""] = [
  ...new Set(Object.keys(PARTIAL).map((name) => name.split("/")[0] ?? "")),
].sort();
const atPartial = (files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`run.partial_save/${name}`, bytes]));

/** Databases and saves that are whole only in parts (extra sections 4 and 6). */
export const salvaged: Readonly<Record<string, LayoutCase & { readonly path?: string }>> = {
  "no manifest.ocdbt": {
    files: without(STANDARD, "manifest.ocdbt"),
    args: SALVAGE,
    gives: standard,
    warning: "manifest.ocdbt: not found",
  },
  "no d": { files: without(STANDARD, "d"), args: SALVAGE, gives: standard, warning: "no such file" },
  neither: {
    files: without(STANDARD, "d", "manifest.ocdbt"),
    args: SALVAGE,
    gives: standard,
    warning: "manifest.ocdbt",
  },
  "nothing lost": { files: STANDARD, args: SALVAGE, gives: standard },
  "a value of a process lost, too": {
    files: without(STANDARD, "manifest.ocdbt", ...dataFiles(STANDARD, "ocdbt.process_0/").slice(0, 4)),
    args: SALVAGE,
    refused: "ocdbt.process_0/d/",
  },
  "the only process lost, too": {
    files: without(STANDARD, "manifest.ocdbt", "ocdbt.process_0"),
    args: SALVAGE,
    refused: "manifest.ocdbt",
  },
  "one of the processes lost": {
    files: without(DONE, "state/manifest.ocdbt", processOf(DONE)),
    args: SALVAGE,
    refused: "",
  },
  "a finalized save without manifest.ocdbt": {
    files: without(DONE, "state/manifest.ocdbt"),
    args: SALVAGE,
    gives: done,
    warning: "manifest.ocdbt",
  },
  "a partial save without --salvage": {
    files: atPartial(PARTIAL),
    path: "run.partial_save",
    refused: "--salvage",
    code: "INVALID_ARGUMENT",
  },
  "a partial save": {
    files: atPartial(PARTIAL),
    path: "run.partial_save",
    args: SALVAGE,
    gives: partial,
    warning: "2 parts",
  },
  "a call's tree lost": {
    files: atPartial(without(PARTIAL, `${SECOND_PENDING}/state/_METADATA`)),
    path: "run.partial_save",
    args: SALVAGE,
    refused: "_METADATA",
  },
  "a call's database lost": {
    files: atPartial(without(PARTIAL, `${PENDING}/state/ocdbt.process_0`)),
    path: "run.partial_save",
    args: SALVAGE,
    refused: "",
  },
  "a call's strings lost": {
    files: atPartial(
      without(PARTIAL, ...Object.keys(PARTIAL).filter((name) => name.endsWith("_strings.json"))),
    ),
    path: "run.partial_save",
    args: SALVAGE,
    refused: "_strings.json",
  },
};

function processOf(files: Files): string {
  const name = Object.keys(files).find((path) => path.includes("/ocdbt.process_"));
  return name?.split("/").slice(0, 2).join("/") ?? "";
}
