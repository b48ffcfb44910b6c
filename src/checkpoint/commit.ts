import { invalidArgument, isOrbaxError, OrbaxError, unsupported } from "../errors.js";
import type { ReadableStorage, StorageEntry, StorageKey, WritableStorage } from "../storage/storage.js";
import { within } from "../storage/within.js";
import { OwnFiles } from "./own-files.js";

/**
 * How a directory appears whole or not at all, whatever moment the process dies (section "Crash rules" of
 * ARCHITECTURE.md). Three names stand beside `<name>`:
 *
 * - T, being written: `<name>.orbax-checkpoint-tmp`, Orbax's own name for it (docs/spec/orbax-layout.md section 4)
 * - R, the old version while the new one takes its place: `<name>.orbax-ts-replaced`
 * - D, being removed: `<name>.orbax-ts-deleted`
 */
const TMP_SUFFIX = ".orbax-checkpoint-tmp";
const REPLACED_SUFFIX = ".orbax-ts-replaced";
const DELETED_SUFFIX = ".orbax-ts-deleted";

/** What Orbax's v1 interface adds to a name until `finalize` is called. */
const PARTIAL_SAVE_SUFFIX = ".partial_save";

/** Whether a name is that of an unfinished save; before Orbax 0.11.20 a number followed the suffix of T. */
export function isUnfinishedName(name: string): boolean {
  return name.includes(TMP_SUFFIX) || name.endsWith(PARTIAL_SAVE_SUFFIX);
}

/** Whether a name is that of a directory whose removal has begun: it may lack anything. */
export function isDeletedName(name: string): boolean {
  return name.endsWith(DELETED_SUFFIX);
}

/** The `<name>` of an R; `undefined` for other names. */
function replacedName(name: string): string | undefined {
  if (!name.endsWith(REPLACED_SUFFIX) || name === REPLACED_SUFFIX) return undefined;
  return name.slice(0, -REPLACED_SUFFIX.length);
}

function at(name: string): StorageKey {
  return `/${name}`;
}

/**
 * R stands for `<name>` only while `<name>` is missing and T is there: exactly the state between the two renames of
 * an overwrite.
 */
async function standsForName(parent: ReadableStorage, name: string): Promise<boolean> {
  if (!(await parent.has?.(at(name + REPLACED_SUFFIX)))) return false;
  return !(await parent.has?.(at(name))) && (await parent.has?.(at(name + TMP_SUFFIX))) === true;
}

/**
 * The directory that is `<name>` for a reader: itself, or the old version that stands for it.
 *
 * @returns `undefined` if there is neither.
 */
export async function resolveCommitted(parent: ReadableStorage, name: string): Promise<string | undefined> {
  if (await parent.has?.(at(name))) return name;
  if (await standsForName(parent, name)) return name + REPLACED_SUFFIX;
  // The overwrite may have ended between the two questions.
  return (await parent.has?.(at(name))) ? name : undefined;
}

/** A child of a directory, as a reader shall see it. */
export type CommittedEntry = StorageEntry & {
  /** Where it really lies: `name`, or the old version that stands for it. */
  readonly storedName: string;
};

/**
 * The children of `entries` that are committed: T, D and R are left out, and a standing R is listed under its
 * `<name>`.
 */
export function committedEntries(entries: readonly StorageEntry[]): CommittedEntry[] {
  const names = new Set(entries.map(({ name }) => name));
  return entries.flatMap(({ name, kind }) => {
    if (isUnfinishedName(name) || isDeletedName(name)) return [];
    const original = replacedName(name);
    if (original === undefined) return [{ name, kind, storedName: name }];
    const stands = !names.has(original) && names.has(original + TMP_SUFFIX);
    return stands ? [{ name: original, kind, storedName: name }] : [];
  });
}

/** Names of unfinished saves, sorted. */
export function unfinishedNames(entries: readonly StorageEntry[]): string[] {
  return entries
    .map(({ name }) => name)
    .filter(isUnfinishedName)
    .sort();
}

/**
 * Writes a directory `<name>` below `parent`: `write` fills T, then T becomes `<name>`. Without `overwrite` an
 * existing `<name>` is refused before anything is touched; with it, the old version is there until the new one is
 * in its place. What `write` writes need not be durable: T is made so as a whole before the rename. Commits of one directory by one process wait for each other.
 *
 * @throws {OrbaxError} `ALREADY_EXISTS` · `CONFLICT` if another process made or saves `<name>` meanwhile ·
 * `INVALID_ARGUMENT` for a name that says "unfinished" or "removed" · `UNSUPPORTED` if the storage cannot rename at once · what `write`
 * and the storage throw. Then `<name>` is as it was, and T is removed where that is possible.
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
    const tmp = at(name + TMP_SUFFIX);
    const own = new OwnFiles(within(parent, tmp));
    await orDiscard(parent, name, async () => {
      await parent.makeDirectory(tmp);
      await write(own.storage);
      await parent.sync(tmp, { recursive: true }); // all of it, before anybody can see it
    });
    // Then T is as much the other's, and stays.
    if (!(await own.areAlone())) throw conflict(parent, name, "another process saves it at the same time");
    await orDiscard(parent, name, () => putInPlace(parent, name, overwrite));
  });
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

/** A child's path for people and for return values. */
export function pathOf(parent: ReadableStorage, name: string): string {
  return parent.name === undefined ? name : `${parent.name.replace(/\/$/, "")}/${name}`;
}

/** Brings a step whose save was interrupted back to what a reader sees, and removes its T. */
async function recover(parent: WritableStorage, name: string): Promise<void> {
  if (await standsForName(parent, name)) {
    await parent.rename(at(name + REPLACED_SUFFIX), at(name));
    await parent.sync("/");
  } else {
    await removeDirectory(parent, name + REPLACED_SUFFIX, name);
  }
  await parent.delete(at(name + TMP_SUFFIX));
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

/** Removes T if `action` fails, unless an R could not be put back, which stands only beside it. */
async function orDiscard(parent: WritableStorage, name: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    const discard = async () => {
      if (!(await standsForName(parent, name))) await parent.delete(at(name + TMP_SUFFIX));
    };
    await discard().catch(() => undefined); // what went wrong first is worth more
    throw error;
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
    throw isOrbaxError(error, "ALREADY_EXISTS") ? madeMeanwhile(parent, name, error) : error;
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

/** Renames `directory` to the D of `name`, then deletes that. */
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
