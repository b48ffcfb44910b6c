import { invalidArgument, isOrbaxError, OrbaxError, unsupported } from "../../errors.js";
import type { WritableStorage } from "../../storage/storage.js";
import { within } from "../../storage/within.js";
import {
  at,
  DELETED_SUFFIX,
  isDeletedName,
  isUnfinishedName,
  pathOf,
  REPLACED_SUFFIX,
  replacedName,
  resolveCommitted,
  standsForName,
  TMP_SUFFIX,
} from "./committed.js";
import { OwnFiles } from "./own-files.js";

/**
 * Writes a directory `<name>` below `parent`: `write` fills T, then T becomes `<name>`. Without `overwrite` an
 * existing `<name>` is refused before anything is touched; with it, the old version is there until the new one is
 * in its place. What `write` writes need not be durable: T is made so as a whole before the rename. Commits of one
 * directory by one process wait for each other.
 *
 * @throws {OrbaxError} `ALREADY_EXISTS` · `CONFLICT` if another process made or saves `<name>` meanwhile ·
 * `INVALID_ARGUMENT` for a name that says "unfinished" or "removed" · `UNSUPPORTED` if the storage cannot rename at
 * once · what `write` and the storage throw. Then `<name>` is as it was, and T is removed where that is possible.
 */
export async function commitDirectory(
  parent: WritableStorage,
  name: string,
  { overwrite }: { readonly overwrite: boolean },
  write: (directory: WritableStorage) => Promise<void>,
): Promise<void> {
  if (isUnfinishedName(name) || isDeletedName(name) || name.endsWith(REPLACED_SUFFIX)) {
    throw invalidArgument(`${name}: a name that marks what is not a finished checkpoint`, { file: name });
  }
  if (!parent.atomic.rename) {
    throw unsupported(`${pathOf(parent, name)}: in a storage whose renames do not appear at once`);
  }
  await inTurn(pathOf(parent, name), async () => {
    const before = await resolveCommitted(parent, name);
    if (before !== undefined && !overwrite) throw destinationExists(parent, name);
    await recover(parent, name);
    await sweepLeftovers(parent).catch(() => undefined);
    await fillTmp(parent, name, write);
    try {
      await putInPlace(parent, name, overwrite);
    } catch (error) {
      await discard(parent, name);
      throw error;
    }
  });
}

/** @throws {OrbaxError} `CONFLICT` if another process uses the same T: then it is left to that one. */
async function fillTmp(
  parent: WritableStorage,
  name: string,
  write: (directory: WritableStorage) => Promise<void>,
): Promise<void> {
  const tmp = at(name + TMP_SUFFIX);
  const own = new OwnFiles(within(parent, tmp));
  await parent.makeDirectory(tmp);
  try {
    await write(own.storage);
    await parent.sync(tmp, { recursive: true }); // all of it, before anybody can see it
  } catch (error) {
    if (!(await own.areAlone().catch(() => true))) throw inUse(parent, name, error);
    await discard(parent, name);
    throw error;
  }
  if (!(await own.areAlone())) throw inUse(parent, name);
}

/**
 * Commits that this process has begun, by path. Two of one directory at once would write into the same T: the save
 * that is not awaited in a loop.
 */
const underWay = new Map<string, Promise<unknown>>();

async function inTurn(place: string, commit: () => Promise<void>): Promise<void> {
  const before = underWay.get(place) ?? Promise.resolve();
  const own = before.then(commit, commit);
  underWay.set(place, own);
  try {
    await own;
  } finally {
    if (underWay.get(place) === own) underWay.delete(place);
  }
}

/** A destination that is there already, in Orbax's words. */
export function destinationExists(parent: WritableStorage, name: string): OrbaxError {
  return new OrbaxError("ALREADY_EXISTS", `Destination ${pathOf(parent, name)} already exists.`, {
    file: name,
    pythonType: "ValueError",
  });
}

/** Brings a step whose save was interrupted back to what a reader sees, and removes its T. */
async function recover(parent: WritableStorage, name: string): Promise<void> {
  if (await standsForName(parent, name)) {
    await parent.rename(at(name + REPLACED_SUFFIX), at(name));
    await parent.sync("/");
  } else {
    await removeDirectory(parent, name + REPLACED_SUFFIX, name);
  }
  await removeDirectory(parent, name + TMP_SUFFIX, name);
}

/** Removes every D of `parent`, and every R that stands for nothing: what interrupted saves left. */
async function sweepLeftovers(parent: WritableStorage): Promise<void> {
  for (const { name } of (await parent.list("/")) ?? []) {
    const original = replacedName(name);
    if (isDeletedName(name)) {
      await parent.delete(at(name));
    } else if (original !== undefined && !(await standsForName(parent, original))) {
      await removeDirectory(parent, name, original);
    }
  }
}

/** After a failed save, where possible: removes T, unless an R could not be put back, which stands only beside it. */
async function discard(parent: WritableStorage, name: string): Promise<void> {
  try {
    if (!(await standsForName(parent, name))) await removeDirectory(parent, name + TMP_SUFFIX, name);
  } catch {
    // What went wrong first is worth more.
  }
}

async function putInPlace(parent: WritableStorage, name: string, overwrite: boolean): Promise<void> {
  const [own, tmp, replaced] = [at(name), at(name + TMP_SUFFIX), at(name + REPLACED_SUFFIX)];
  const replaces = overwrite && (await parent.has(own));
  try {
    if (replaces) await parent.rename(own, replaced);
    await parent.rename(tmp, own);
  } catch (error) {
    if (replaces) await putBack(parent, name, error);
    if (isOrbaxError(error, "ALREADY_EXISTS")) throw madeMeanwhile(parent, name, error);
    throw isOrbaxError(error, "NOT_FOUND") ? inUse(parent, name, error) : error; // somebody took N or T away
  }
  try {
    await parent.sync("/");
  } catch (error) {
    await takeBack(parent, name, replaces, error);
    throw error;
  }
  // The save is done: an R that cannot be removed now stands for nothing, and a later save removes it.
  if (replaces) await removeDirectory(parent, name + REPLACED_SUFFIX, name).catch(() => undefined);
}

/**
 * After a failure behind the second rename: without its name on disk the new version is not safe, so it becomes T
 * again and the old one takes its place. Where that cannot be, the new one stays, which is whole.
 */
async function takeBack(
  parent: WritableStorage,
  name: string,
  replaces: boolean,
  cause: unknown,
): Promise<void> {
  if (replaces && !(await parent.has(at(name + REPLACED_SUFFIX)))) return;
  try {
    await parent.rename(at(name), at(name + TMP_SUFFIX));
  } catch {
    return;
  }
  if (replaces) await putBack(parent, name, cause);
}

/** After a failure between the two renames: the old version gets its name again. */
async function putBack(parent: WritableStorage, name: string, cause: unknown): Promise<void> {
  if (!(await parent.has(at(name + REPLACED_SUFFIX)))) return; // the first rename failed
  if (await parent.has(at(name))) throw madeMeanwhile(parent, name, cause);
  try {
    await parent.rename(at(name + REPLACED_SUFFIX), at(name));
    await parent.sync("/");
  } catch {
    // It stands for its name as long as T is there, and `cause` is thrown.
  }
}

function inUse(parent: WritableStorage, name: string, cause?: unknown): OrbaxError {
  return conflict(parent, name, "another process saves or removes it at the same time", cause);
}

function madeMeanwhile(parent: WritableStorage, name: string, cause: unknown): OrbaxError {
  return conflict(parent, name, "another process made it during this save", cause);
}

function conflict(parent: WritableStorage, name: string, what: string, cause?: unknown): OrbaxError {
  return new OrbaxError("CONFLICT", `${pathOf(parent, name)}: ${what}`, { file: name }, { cause });
}

/**
 * Removes a committed directory so that whatever has its name is whole: it becomes D first. An R of the same step
 * goes before it. Nothing there is no error.
 */
export async function removeCommitted(parent: WritableStorage, name: string): Promise<void> {
  await removeDirectory(parent, name + REPLACED_SUFFIX, name);
  await removeDirectory(parent, name, name);
}

/**
 * Renames `directory` to the D of `name`, then deletes that. Also a T goes this way: another process may be about to
 * give it its name, and would get half of it.
 */
async function removeDirectory(parent: WritableStorage, directory: string, name: string): Promise<void> {
  if (!(await parent.has(at(directory)))) return;
  const deleted = at(name + DELETED_SUFFIX);
  await parent.delete(deleted);
  try {
    await parent.rename(at(directory), deleted);
  } catch (error) {
    if (await parent.has(at(directory))) throw error;
    return; // another process is removing it as well
  }
  await parent.delete(deleted);
}
