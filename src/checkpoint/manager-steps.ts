import { invalidArgument, unsupported } from "../errors.js";
import type { ReadableStorage, StorageOptions } from "../storage/storage.js";
import { committedEntries } from "./commit/committed.js";
import { COMMIT_FILE } from "./metadata/item-files.js";
import type { ReadOptions } from "./metadata/metadata-file.js";
import { childHasFile, listFolder } from "./recognise/folder.js";
import { layoutFile, type StepEntry } from "./recognise/layout.js";
import { readSteps } from "./recognise/recognise.js";
import { formatStepName, parseFormattedStepName, type StepNameFormat } from "./recognise/step-name.js";

/** Which directories are steps of a manager. */
export type StepSelection = StepNameFormat & {
  /** Whether only steps with `commit_success.txt` count (Orbax's `AtomicityMode.COMMIT_FILE`). Default: false. */
  readonly commitFile?: boolean | undefined;
};

/** A step by its name; with its entry where it was recognised already. */
export type NumberedStep = {
  readonly step: number;
  readonly name: string;
  /** Where it really lies. */
  readonly storedName: string;
  readonly entry?: StepEntry;
};

/**
 * The steps of a manager with their numbers, ascending; none if the directory is missing. Names of a given format are
 * taken as they are, as Orbax does (docs/spec/orbax-layout.md section 3); without a format, directories count that
 * have a name of any format and are checkpoints.
 *
 * @throws {OrbaxError} `UNSUPPORTED` for a store that cannot list.
 */
export async function managedSteps(
  root: ReadableStorage,
  selection: StepSelection,
  options: ReadOptions = {},
): Promise<NumberedStep[]> {
  if (root.list === undefined) {
    const { name = "the storage" } = root;
    throw unsupported(`${name}: the steps of a store that cannot list are unknown`, { file: name });
  }
  const found = hasFormat(selection)
    ? await formattedSteps(root, selection, options)
    : await recognisedSteps(root, options);
  const folder = selection.commitFile === true ? await listFolder(root, options) : undefined;
  if (folder === undefined) return found;
  const committed: NumberedStep[] = [];
  for (const step of found) {
    const { entry, storedName } = step;
    const isFile = entry !== undefined && layoutFile(entry.layout) !== undefined;
    if (!isFile && (await childHasFile(folder, storedName, [COMMIT_FILE], options))) committed.push(step);
  }
  return committed;
}

/**
 * One step of a manager by its number, `undefined` if there is none. A store that cannot list is trusted to have it.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a number that two directories have.
 */
export async function managedStep(
  root: ReadableStorage,
  selection: StepSelection,
  wanted: number,
  options: ReadOptions = {},
): Promise<NumberedStep | undefined> {
  if (root.list === undefined) {
    const name = formatStepName(wanted, selection);
    return { step: wanted, name, storedName: name };
  }
  const steps = await managedSteps(root, selection, options);
  const [first, second] = steps.filter(({ step }) => step === wanted);
  if (first === undefined || second === undefined) return first;
  const { name = "the storage" } = root;
  throw invalidArgument(
    `${name}: step ${wanted} is both ${first.name} and ${second.name}; stepPrefix or stepFormatFixedLength tells one`,
    { file: name },
  );
}

function hasFormat({ stepPrefix, stepFormatFixedLength }: StepNameFormat): boolean {
  return stepPrefix !== undefined || stepFormatFixedLength !== undefined;
}

async function formattedSteps(
  root: ReadableStorage,
  format: StepNameFormat,
  options: StorageOptions,
): Promise<NumberedStep[]> {
  const folder = await listFolder(root, options);
  const steps = committedEntries(folder?.entries ?? []).flatMap(({ name, kind, storedName }) => {
    const step = kind === "directory" ? parseFormattedStepName(name, format) : undefined;
    return step === undefined ? [] : [{ step, name, storedName }];
  });
  return steps.sort((a, b) => a.step - b.step);
}

async function recognisedSteps(root: ReadableStorage, options: ReadOptions): Promise<NumberedStep[]> {
  const entries = await readSteps(root, options);
  return entries.flatMap((entry) => {
    const { step, name, storedName } = entry;
    return step === null ? [] : [{ step, name, storedName, entry }];
  });
}
