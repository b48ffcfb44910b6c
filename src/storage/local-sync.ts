import { constants, readdirSync } from "node:fs";
import { sep } from "node:path";
import { LocalHandle } from "./local-handle.js";
import { pathBelow, systemCode } from "./local-root.js";

/** Node's thread pool has four threads; more at once would only wait. */
const SYNCS_AT_ONCE = 4;

/** Codes with which platforms say that a directory cannot be synced; then nothing can be done. */
const CANNOT_SYNC = new Set(["EINVAL", "EISDIR", "EPERM", "ENOTSUP"]);

// Windows syncs only what is open for writing, and has none of the flags.
const FOR_SYNC = sep === "\\" ? constants.O_RDWR : constants.O_RDONLY;
const FILE_FLAGS = FOR_SYNC | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const DIRECTORY_FLAGS = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0);

/** Makes a directory's own entries durable; nothing where the platform cannot. Errors are the system's. */
export async function syncDirectory(path: string): Promise<void> {
  try {
    await syncPath(path, DIRECTORY_FLAGS);
  } catch (error) {
    if (!CANNOT_SYNC.has(systemCode(error))) throw error;
  }
}

/**
 * Makes a directory durable with all it holds. What links point to is not below it. Errors are the system's; then no
 * sync is under way any more.
 */
export async function syncTree(path: string): Promise<void> {
  const syncs = below(path).values();
  let failed = false;
  const oneAfterAnother = async () => {
    for (const sync of syncs) {
      if (failed) return;
      try {
        await sync();
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: SYNCS_AT_ONCE }, oneAfterAnother));
  for (const worker of workers) if (worker.status === "rejected") throw worker.reason;
}

/** A sync for each regular file below a directory, and for each directory, itself among them. */
function below(path: string): (() => Promise<void>)[] {
  const syncs: (() => Promise<void>)[] = [];
  const directories = [path];
  for (const directory of directories) {
    for (const child of readdirSync(directory, { withFileTypes: true })) {
      const childPath = pathBelow(directory, [child.name]);
      if (child.isDirectory()) directories.push(childPath);
      else if (child.isFile()) syncs.push(() => syncPath(childPath, FILE_FLAGS));
    }
    syncs.push(() => syncDirectory(directory));
  }
  return syncs;
}

async function syncPath(path: string, flags: number): Promise<void> {
  const handle = new LocalHandle(path, flags);
  await handle.sync().finally(() => handle.close());
}
