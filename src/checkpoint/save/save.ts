import type { JsonObject } from "../../bytes/json.js";
import { invalidArgument } from "../../errors.js";
import { writeOcdbt } from "../../ocdbt/writer.js";
import { isDict } from "../../pytree/container.js";
import { walkDepth } from "../../pytree/depth.js";
import { openParent, type WritableStorageSource } from "../../storage/open.js";
import type { WritableStorage } from "../../storage/storage.js";
import { encodeStringsFile, STRINGS_FILE } from "../metadata/strings-file.js";
import { encodeTreeMetadata, TREE_METADATA_FILE } from "../metadata/tree-metadata.js";
import { commitItem, NOT_YET_DURABLE } from "./commit-item.js";
import { type EncodedItem, encodeItem } from "./encode-item.js";

/** Options of {@link save}. */
export type SaveOptions = {
  /** Replaces an existing checkpoint; the old one is there until the new one is in its place. Default: false. */
  readonly overwrite?: boolean | undefined;
  /** Name of the checkpoint's directory below a destination that is a storage and no path. */
  readonly path?: string | undefined;
  /** Data of your own for `_CHECKPOINT_METADATA`: anything that JSON can say. */
  readonly customMetadata?: JsonObject | undefined;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Writes a tree as a checkpoint of one item, as `StandardCheckpointer` and `PyTreeCheckpointer` restore it: OCDBT,
 * zarr v2, every array a NumPy array. Strings are leaves that only `PyTreeCheckpointer` and a restore without target
 * take, placeholders are for `PyTreeCheckpointer` alone.
 *
 * The checkpoint appears whole or not at all: it is written beside its place, made durable, and renamed. Arrays must
 * not change before the promise is settled: their memory is written as it is.
 *
 * @param destination Directory of the new checkpoint, or a storage together with `options.path`.
 * @param tree Objects or `Map`s are dicts, arrays lists. A safe integer other than −0, or a bigint, is a Python
 * `int`, every other number a `float`; `float(2)` and its siblings say it exactly. Typed arrays are arrays of rank 1.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for what cannot be stored, before anything is written · `ALREADY_EXISTS`
 * without `overwrite` · `CONFLICT` if another process made the destination meanwhile · `IO` from the system.
 * @example await save("ckpt-7", { step: 7, params: { w: ndarray("float32", [2, 3], new Float32Array(6)) } });
 * @see docs/spec/orbax-layout.md section 17
 */
export async function save(
  destination: WritableStorageSource,
  tree: unknown,
  { overwrite = false, path, customMetadata, signal }: SaveOptions = {},
): Promise<void> {
  signal?.throwIfAborted();
  const item = encodeItem(tree);
  const { storage, name } = await openParent(destination, path);
  await saveItem(storage, name, item, { overwrite, customMetadata, signal });
}

/** Commits an encoded item as the directory `name` below `parent`. Errors as {@link save}. */
export async function saveItem(
  parent: WritableStorage,
  name: string,
  item: EncodedItem,
  { overwrite = false, customMetadata, signal }: Omit<SaveOptions, "path">,
): Promise<void> {
  const custom = checkCustomMetadata(customMetadata);
  const options = { handler: STANDARD_HANDLER, customMetadata: custom, overwrite, signal };
  await commitItem(parent, name, options, (directory) => writeItem(directory, item, signal));
}

/** By this class the item restores itself in Orbax; the part behind the last dot decides (section 5). */
const STANDARD_HANDLER =
  "orbax.checkpoint._src.handlers.standard_checkpoint_handler.StandardCheckpointHandler";

/**
 * Writes the files of one item into its directory, `_METADATA` last, not durable yet. Without any array there is no
 * database.
 */
async function writeItem(
  directory: WritableStorage,
  { entries, database, strings }: EncodedItem,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (database.length > 0) await writeOcdbt(directory, database, { signal, ...NOT_YET_DURABLE });
  if (strings.size > 0) await directory.set(`/${STRINGS_FILE}`, encodeStringsFile(strings), NOT_YET_DURABLE);
  const metadata = { entries, useOcdbt: true, useZarr3: false, storesAllChunks: true, customMetadata: null };
  await directory.set(`/${TREE_METADATA_FILE}`, encodeTreeMetadata(metadata), NOT_YET_DURABLE);
}

/** @throws {OrbaxError} `INVALID_ARGUMENT` for what is no JSON object, or one that is too deep or contains itself. */
function checkCustomMetadata(metadata: JsonObject | undefined): JsonObject {
  if (metadata === undefined) return {};
  if (isDict(metadata) && isJson(metadata, walkDepth())) return metadata;
  throw invalidArgument("customMetadata: expected an object of what JSON can say");
}

function isJson(value: unknown, depth: number): boolean {
  if (value === null || ["string", "number", "boolean", "bigint"].includes(typeof value)) return true;
  if (depth === 0 || !(Array.isArray(value) || isDict(value))) return false;
  const children: unknown[] = Array.isArray(value) ? Array.from(value) : Object.values(value);
  return children.every((child) => isJson(child, depth - 1));
}
