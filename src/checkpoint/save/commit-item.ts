import type { JsonObject } from "../../bytes/json.js";
import type { WritableStorage } from "../../storage/storage.js";
import { commitDirectory } from "../commit/commit.js";
import { pathOf } from "../commit/committed.js";
import { COMMIT_FILE } from "../metadata/item-files.js";
import { encodeStepMetadata, STEP_METADATA_FILE } from "../metadata/step-metadata.js";

/** What {@link commitItem} needs to know of an item beside its files. */
export type CommitItemOptions = {
  /** Class path of the handler by which Orbax restores it (docs/spec/orbax-layout.md section 5). */
  readonly handler: string;
  /** For `_CHECKPOINT_METADATA`, checked. */
  readonly customMetadata: JsonObject;
  /** Whether an existing directory is replaced. */
  readonly overwrite: boolean;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Commits one item as a checkpoint of its own, the directory `name` below `parent`: what `write` writes, and beside it
 * what Orbax adds. It appears whole or not at all.
 *
 * @throws {OrbaxError} as `commitDirectory`, and what `write` throws.
 */
export async function commitItem(
  parent: WritableStorage,
  name: string,
  { handler, customMetadata, overwrite, signal }: CommitItemOptions,
  write: (directory: WritableStorage) => Promise<void>,
): Promise<void> {
  const initTimestampNs = nowNs();
  await commitDirectory(parent, name, { overwrite }, async (directory) => {
    await write(directory);
    const metadata = { itemHandlers: handler, initTimestampNs, commitTimestampNs: nowNs(), customMetadata };
    await directory.set(`/${STEP_METADATA_FILE}`, encodeStepMetadata(metadata), NOT_YET_DURABLE);
    // Managers may see only checkpoints that have this file (docs/spec/orbax-layout.md section 4).
    const success = `Checkpoint commit was successful to ${pathOf(parent, name)}`;
    await directory.set(`/${COMMIT_FILE}`, new TextEncoder().encode(success), NOT_YET_DURABLE);
    signal?.throwIfAborted(); // the last moment
  });
}

/** A commit makes its whole directory durable at the end. */
export const NOT_YET_DURABLE = { durable: false } as const;

function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
