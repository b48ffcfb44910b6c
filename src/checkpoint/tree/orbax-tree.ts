import { inFile, notFound, type OrbaxError } from "../../errors.js";
import { withDefaultLimits } from "../../limits.js";
import type { ReadableStorage } from "../../storage/storage.js";
import { openArrayStore } from "../arrays/open-array-store.js";
import type { ReadOptions } from "../metadata/metadata-file.js";
import { decodeRichTypes } from "../metadata/rich-types.js";
import { missingStrings, readStringsFile } from "../metadata/strings-file.js";
import { readTreeMetadata, TREE_METADATA_FILE, type TreeMetadata } from "../metadata/tree-metadata.js";
import { readAggregated } from "./aggregate-file.js";
import { readLeafExtras } from "./leaf-extras.js";
import { PytreeItem } from "./pytree-item.js";
import { firstArrayName, isAggregated, type StoredLeaf, storedLeaves } from "./stored-leaf.js";

/** How a tree is opened. */
export type OpenTreeOptions = ReadOptions & {
  /**
   * Reads a tree that lost its top database, or whose partial save was never finished, from what is left of it, and
   * is called with what was missing. Without it such a tree is refused.
   */
  readonly onSalvage?: ((message: string) => void) | undefined;
};

/**
 * Opens a directory with `_METADATA` (docs/spec/orbax-layout.md sections 6 to 15). This reads that file, and
 * `checkpoint` beside it where an old release keeps values there.
 *
 * @throws {OrbaxError} `NOT_FOUND` without `_METADATA` · `DATA_LOSS` if it is damaged.
 */
export async function openOrbaxTree(
  storage: ReadableStorage,
  options: OpenTreeOptions = {},
): Promise<PytreeItem> {
  const metadata = await readTreeMetadata(storage, options);
  if (metadata === undefined) throw noTreeMetadata(storage);
  return treeOf(storage, metadata, options);
}

/** Refusal of a directory without `_METADATA`, in Orbax's own words, which Datarax passes on. */
export function noTreeMetadata({ name = "the checkpoint" }: ReadableStorage): OrbaxError {
  return notFound(`Metadata file (named ${TREE_METADATA_FILE}) does not exist at ${name}.`, {
    file: TREE_METADATA_FILE,
    pythonType: "FileNotFoundError",
  });
}

/** The tree that `_METADATA` describes. @throws {OrbaxError} `DATA_LOSS` if it describes none. */
export async function treeOf(
  storage: ReadableStorage,
  metadata: TreeMetadata,
  { onSalvage, ...options }: OpenTreeOptions,
): Promise<PytreeItem> {
  const limits = withDefaultLimits(options.limits);
  const aggregated = metadata.entries.some(isAggregated)
    ? await readAggregated(storage, limits, options)
    : undefined;
  const leaves = leavesOf(metadata, aggregated);
  const { useOcdbt, valueMetadataTree } = metadata;
  const firstArray = firstArrayName(leaves);
  const zarr = metadata.useZarr3 ? 3 : 2;
  let isSalvaged = false;
  const salvaging = onSalvage && {
    onSalvage: (message: string) => {
      isSalvaged = true;
      onSalvage(message);
    },
  };
  return new PytreeItem({
    storage,
    limits,
    leaves,
    // Of what is joined from parts nothing may be missing: the part that held it may be lost.
    missingChunks: () => (metadata.storesAllChunks || isSalvaged ? "error" : "fill"),
    customMetadata: metadata.customMetadata,
    openArrays: (reading) =>
      openArrayStore(storage, { useOcdbt, zarr, firstArray, limits, ...salvaging }, reading),
    readStrings: async (reading) => {
      const strings = await readStringsFile(storage, { limits, ...reading });
      if (strings === undefined) throw missingStrings();
      return strings;
    },
    readExtras: (described, { sharding }, reading) =>
      readLeafExtras(storage, described, { sharding, limits }, reading),
    richTypes: valueMetadataTree === undefined ? undefined : () => decodeRichTypes(valueMetadataTree, limits),
  });
}

function leavesOf(metadata: TreeMetadata, aggregated: Parameters<typeof storedLeaves>[1]): StoredLeaf[] {
  try {
    return storedLeaves(metadata.entries, aggregated);
  } catch (error) {
    throw inFile(error, TREE_METADATA_FILE);
  }
}
