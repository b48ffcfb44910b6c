import type { ReadableStorage, StorageEntry, StorageKey } from "../../storage/storage.js";

// What is whole beside what is not, whatever moment a process died (section "Crash rules" of ARCHITECTURE.md).

/** T: `<name>` being written, under Orbax's own name for it (docs/spec/orbax-layout.md section 4). */
export const TMP_SUFFIX = ".orbax-checkpoint-tmp";
/** R: the old version of `<name>` while the new one takes its place. */
export const REPLACED_SUFFIX = ".orbax-ts-replaced";
/** D: `<name>` being removed. */
export const DELETED_SUFFIX = ".orbax-ts-deleted";

/** What Orbax's v1 interface adds to a name until `finalize` is called. */
export const PARTIAL_SAVE_SUFFIX = ".partial_save";

/** Whether a name is that of an unfinished save; before Orbax 0.11.20 a number followed the suffix of T. */
export function isUnfinishedName(name: string): boolean {
  return name.includes(TMP_SUFFIX) || name.endsWith(PARTIAL_SAVE_SUFFIX);
}

/** Whether a name is that of a series of partial saves, or of one call of it. */
export function isPartialSaveName(name: string): boolean {
  return name.includes(PARTIAL_SAVE_SUFFIX);
}

/** Whether a name is that of a directory whose removal has begun: it may lack anything. */
export function isDeletedName(name: string): boolean {
  return name.endsWith(DELETED_SUFFIX);
}

/** The `<name>` of an R; `undefined` for other names. */
export function replacedName(name: string): string | undefined {
  if (!name.endsWith(REPLACED_SUFFIX) || name === REPLACED_SUFFIX) return undefined;
  return name.slice(0, -REPLACED_SUFFIX.length);
}

/** The key of a child. */
export function at(name: string): StorageKey {
  return `/${name}`;
}

/**
 * R stands for `<name>` only while `<name>` is missing and T is there: exactly the state between the two renames of
 * an overwrite.
 */
export async function standsForName(parent: ReadableStorage, name: string): Promise<boolean> {
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

/** A child's path for people and for return values. */
export function pathOf(parent: ReadableStorage, name: string): string {
  return parent.name === undefined ? name : `${parent.name.replace(/\/$/, "")}/${name}`;
}
