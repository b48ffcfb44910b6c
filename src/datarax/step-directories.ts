import { removeCommitted } from "../checkpoint/commit/commit.js";
import {
  type CommittedEntry,
  committedEntries,
  pathOf,
  resolveCommitted,
} from "../checkpoint/commit/committed.js";
import { invalidArgument, isOrbaxError, notFound, unsupported } from "../errors.js";
import type { ReadableStorage, StorageEntry, WritableStorage } from "../storage/storage.js";
import { within } from "../storage/within.js";
import { stepOfDirectoryName, stepsToPrune } from "./steps.js";

/** Name of the checkpoint that a save without a step writes. */
export const UNVERSIONED = "checkpoint";

/** Name of the directory that a save of `step` writes. */
export function stepDirectoryName(step: number): string {
  return `ckpt-${step}`;
}

/** @throws {OrbaxError} `INVALID_ARGUMENT` for a fraction or a number that is not exact. */
export function requireSafeInteger(field: string, value: number | null): void {
  if (value === null || Number.isSafeInteger(value)) return;
  throw invalidArgument(`${field} must be a safe integer, got ${String(value)}`, { field, found: value });
}

/**
 * The steps of a base directory, ascending; a number that two directories have is there twice
 * (docs/spec/datarax.md section 1.3). Numbers that JavaScript cannot hold exactly are left out.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` if `base` is a file · `UNSUPPORTED` for a storage that cannot list.
 */
export async function findSteps(base: ReadableStorage): Promise<number[]> {
  requireListing(base);
  return stepsAmong(committedEntries((await listBase(base)) ?? []));
}

function stepsAmong(entries: readonly CommittedEntry[]): number[] {
  const steps = entries.flatMap(({ name, kind }) => {
    const step = kind === "directory" ? stepOfDirectoryName(name) : undefined;
    return step === undefined || !Number.isSafeInteger(Number(step)) ? [] : [Number(step)];
  });
  return steps.sort((a, b) => a - b);
}

function requireListing(base: ReadableStorage): void {
  if (base.list === undefined) throw unsupported(`${nameOf(base)}: the storage cannot list its directories`);
}

/** The children of the base directory, `undefined` if it is missing. */
async function listBase(base: ReadableStorage): Promise<readonly StorageEntry[] | undefined> {
  const entries = await base.list?.("/");
  if (entries !== undefined || !(await isThere(base))) return entries;
  throw invalidArgument(`${nameOf(base)}: is a file, expected a directory`, {
    file: nameOf(base),
    pythonType: "NotADirectoryError",
  });
}

async function isThere(base: ReadableStorage): Promise<boolean> {
  return (await base.has?.("/")) === true || (await base.list?.("/")) !== undefined;
}

function nameOf(base: ReadableStorage): string {
  return base.name ?? "the storage";
}

/** A checkpoint to read. */
export type FoundCheckpoint = {
  /** Number by its directory's name, `null` for the unversioned one. */
  readonly step: number | null;
  readonly storage: ReadableStorage;
};

/**
 * The checkpoint that Datarax reads for a step: `ckpt-<step>`, `<step>`, else the unversioned one; without a step
 * the largest, else the unversioned one. In a manager's step it is the item `default` (section 1.5).
 *
 * @throws {OrbaxError} `NOT_FOUND` with Datarax's words · `INVALID_ARGUMENT` for a step that is no safe integer.
 */
export async function findCheckpoint(base: ReadableStorage, step?: number): Promise<FoundCheckpoint> {
  requireSafeInteger("step", step ?? null);
  requireListing(base);
  const wanted = step ?? (await findSteps(base)).at(-1);
  const names = wanted === undefined ? [] : [stepDirectoryName(wanted), String(wanted)];
  for (const name of [...names, UNVERSIONED]) {
    const stored = await resolveCommitted(base, name);
    if (stored === undefined) continue;
    const storage = await itemStorage(within(base, `/${stored}`));
    return { step: name === UNVERSIONED ? null : (wanted ?? null), storage };
  }
  if (!(await isThere(base))) throw missing(`Checkpoint directory not found: ${nameOf(base)}`);
  throw missing(
    step === undefined ? `No checkpoints found in ${nameOf(base)}` : `Checkpoint not found for step ${step}`,
  );
}

/** Where the tree of a step lies. A file of that name Orbax takes for an unfinished checkpoint. */
async function itemStorage(found: ReadableStorage): Promise<ReadableStorage> {
  const entries = await found.list?.("/");
  const hasDefault = entries?.some(({ name }) => name === "default") === true;
  const storage = hasDefault ? within(found, "/default") : found;
  if ((hasDefault ? await storage.list?.("/") : entries) === undefined) {
    throw missing(`Found incomplete checkpoint at ${nameOf(storage)}.`);
  }
  return storage;
}

function missing(message: string) {
  return notFound(message, { pythonType: "ValueError" });
}

/** Where Datarax says that each step lies, whatever its directory is really called. */
export function listedPaths(base: ReadableStorage, steps: readonly number[]): Map<number, string> {
  return new Map(steps.map((step) => [step, pathOf(base, stepDirectoryName(step))]));
}

/**
 * Removes all steps but the `keep` largest, as Datarax does after a save (section 1.4): the directories `ckpt-<step>`
 * and `<step>`, no other spelling of the number and no file. What the storage refuses to remove stays.
 */
export async function pruneSteps(base: WritableStorage, keep: number | null): Promise<void> {
  const entries = committedEntries((await listBase(base)) ?? []);
  const directories = new Set(entries.flatMap(({ name, kind }) => (kind === "directory" ? [name] : [])));
  for (const step of stepsToPrune(stepsAmong(entries), keep)) {
    for (const name of [stepDirectoryName(step), String(step)]) {
      if (directories.has(name)) await removeCommitted(base, name).catch(ignoreRefusal);
    }
  }
}

function ignoreRefusal(error: unknown): void {
  if (!isOrbaxError(error)) throw error;
}
