import { dataLoss, inFile } from "../../errors.js";
import type { Limits } from "../../limits.js";
import type { PathAndLeaf } from "../../pytree/flatten.js";
import { type KeyPath, sameKeyPath } from "../../pytree/key-path.js";
import { readFile } from "../../storage/read.js";
import type { ReadableStorage, StorageOptions } from "../../storage/storage.js";
import { CHECKPOINT_NAME } from "../metadata/item-files.js";
import { type AggregatedValues, arrayLeaf, type StoredLeaf, valueLeaf } from "./stored-leaf.js";

/** A string that begins so stands for an array that is stored under the name that follows. */
const PLACEHOLDERS = ["PLACEHOLDER://", "AGGREGATED://"];

/** The leaves of a msgpack tree in a file. @throws {OrbaxError} as `decodeMsgpackTree`; `DATA_LOSS` if it is missing. */
export async function readMsgpackFile(
  storage: ReadableStorage,
  file: string,
  limits: Limits,
  { signal }: StorageOptions,
): Promise<readonly PathAndLeaf[]> {
  const limit = { limit: limits.valueBytes, limitName: "valueBytes" } as const;
  const bytes = await readFile(storage, `/${file}`, { ...limit, signal });
  if (bytes === undefined) {
    throw dataLoss(file, { file, found: "no such file", expected: "the values of leaves" });
  }
  const { decodeMsgpackTree } = await import("../../formats/flax-msgpack.js");
  try {
    return decodeMsgpackTree(bytes, { what: "msgpack tree", limits });
  } catch (error) {
    throw inFile(error, file);
  }
}

/** The values in `checkpoint`, for leaves that `_METADATA` describes. Errors as {@link readMsgpackFile}. */
export async function readAggregated(
  storage: ReadableStorage,
  limits: Limits,
  options: StorageOptions,
): Promise<AggregatedValues> {
  const leaves = await readMsgpackFile(storage, CHECKPOINT_NAME, limits, options);
  const values = new Map(leaves.map(({ path, leaf }) => [identityOf(path), leaf]));
  return {
    get: ({ path, valueType, skipDeserialize }) => {
      const leaf = values.get(identityOf(path));
      // Of a string that looks like one, but lies in the file itself, the entry tells.
      const isText = valueType === "string" && skipDeserialize;
      return leaf === undefined || isText || placeholderName(leaf) === undefined ? leaf : undefined;
    },
  };
}

/** The one key of a file that old Orbax wrote for an array by itself. */
const ARRAY_KEY = "ELEMENT";

/** The leaves of a tree that only the file `checkpoint` describes. Errors as {@link readMsgpackFile}. */
export async function aggregateLeaves(
  storage: ReadableStorage,
  limits: Limits,
  options: StorageOptions,
): Promise<StoredLeaf[]> {
  const leaves = await readMsgpackFile(storage, CHECKPOINT_NAME, limits, options);
  const [only, ...others] = leaves;
  if (only !== undefined && others.length === 0 && sameKeyPath(only.path, [ARRAY_KEY])) {
    return [valueLeaf([], only.leaf)];
  }
  return leaves.map(({ path, leaf }) => {
    const name = placeholderName(leaf);
    return name === undefined ? valueLeaf(path, leaf) : arrayLeaf(path, name);
  });
}

function placeholderName(leaf: PathAndLeaf["leaf"]): string | undefined {
  if (leaf.kind !== "string") return undefined;
  const prefix = PLACEHOLDERS.find((candidate) => leaf.text.startsWith(candidate));
  return prefix && leaf.text.slice(prefix.length);
}

/** Lists were written as maps by some releases: an index is its decimal. */
function identityOf(path: KeyPath): string {
  return JSON.stringify(path.map(String));
}
