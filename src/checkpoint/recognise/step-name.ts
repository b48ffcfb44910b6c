/** A directory's name taken for a step (docs/spec/orbax-layout.md section 3; Datarax's names beside it). */
export type StepName = {
  /** The step's number, `null` for Datarax's unversioned `checkpoint`. */
  readonly step: number | null;
  readonly name: string;
};

const UNVERSIONED = "checkpoint";
const ORBAX_NAME = /^(?:.+_)?(\d+)$/s;
const DATARAX_NAME = /^ckpt-(0|[1-9]\d*)$/;
/** Flax takes a fraction for a step, too. */
const FLAX_NAME = /^checkpoint_(\d+\.\d+)$/;
/** Names that Flax gives to files; other tools have files with a number at the end, too. */
const FLAX_FILE_NAME = /^checkpoint_\d+(?:\.\d+)?$/;
/** Numbers to Python alone: `1_1` is 11, no step 1 with a prefix (docs/spec/datarax.md section 1.3). */
const PYTHON_NUMBER = /^(?:ckpt-)?\s*[+-]?\d+(?:_\d+)*\s*$/;
/** What Orbax moves aside while it restores a step from a snapshot (docs/spec/orbax-layout-extra.md section 9). */
const RECOVERY_NAME = /\._recovery_[\d.]+$/;
const DIGITS = /^\d+$/;

/**
 * Takes a name for a step: `<n>`, `<prefix>_<n>`, `ckpt-<n>`, `checkpoint_<n>.<n>` or `checkpoint`.
 *
 * @returns `undefined` for any other name, and for numbers that JavaScript cannot hold.
 */
export function parseStepName(name: string): StepName | undefined {
  if (name === UNVERSIONED) return { step: null, name };
  const number = numberIn(name);
  const step = number === undefined ? Number.NaN : Number(number);
  return Number.isSafeInteger(Math.floor(step)) ? { step, name } : undefined;
}

/** {@link parseStepName} of a file: only Flax's steps are files, `checkpoint_<n>` and `checkpoint_<n>.<n>`. */
export function parseStepFileName(name: string): StepName | undefined {
  return FLAX_FILE_NAME.test(name) ? parseStepName(name) : undefined;
}

function numberIn(name: string): string | undefined {
  if (RECOVERY_NAME.test(name)) return undefined;
  const own = (DATARAX_NAME.exec(name) ?? FLAX_NAME.exec(name))?.[1];
  if (own !== undefined) return own;
  return DIGITS.test(name) || !PYTHON_NUMBER.test(name) ? ORBAX_NAME.exec(name)?.[1] : undefined;
}

/** Whether a directory of this name tells nothing but that it lies among steps, though it may be none. */
export function isAmongSteps(name: string): boolean {
  return (
    name.startsWith("ckpt-") ||
    name === UNVERSIONED ||
    RECOVERY_NAME.test(name) ||
    PYTHON_NUMBER.test(name) ||
    numberIn(name) !== undefined
  );
}

/** Ascending by number, `checkpoint` first; names of one number in their own order. */
export function compareSteps(a: StepName, b: StepName): number {
  const difference = (a.step ?? -1) - (b.step ?? -1);
  return difference === 0 ? Number(a.name > b.name) - Number(a.name < b.name) : difference;
}

/** How a manager names its steps; each member is one of `CheckpointManagerOptions`. */
export type StepNameFormat = {
  /** Stands before the number, with an underscore between; an empty one leaves the underscore. */
  readonly stepPrefix?: string | undefined;
  /** Digits to which shorter numbers are padded with zeros. */
  readonly stepFormatFixedLength?: number | undefined;
};

/** The name that a manager with these options gives a step. */
export function formatStepName(
  step: number,
  { stepPrefix, stepFormatFixedLength = 0 }: StepNameFormat,
): string {
  const number = String(step).padStart(stepFormatFixedLength, "0");
  return stepPrefix === undefined ? number : `${stepPrefix}_${number}`;
}

/**
 * The number in a name that a manager with these options could have given; other names are none of its steps.
 *
 * @returns `undefined` for other names, and for numbers that JavaScript cannot hold.
 */
export function parseFormattedStepName(name: string, format: StepNameFormat): number | undefined {
  const digits = /\d+$/.exec(name)?.[0];
  const step = digits === undefined ? Number.NaN : Number(digits);
  if (!Number.isSafeInteger(step)) return undefined;
  return formatStepName(step, format) === name ? step : undefined;
}
