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
/** Numbers to Python alone: `1_1` is 11, no step 1 with a prefix (docs/spec/datarax.md section 1.3). */
const PYTHON_NUMBER = /^(?:ckpt-)?\s*[+-]?\d+(?:_\d+)*\s*$/;
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

function numberIn(name: string): string | undefined {
  const own = (DATARAX_NAME.exec(name) ?? FLAX_NAME.exec(name))?.[1];
  if (own !== undefined) return own;
  return DIGITS.test(name) || !PYTHON_NUMBER.test(name) ? ORBAX_NAME.exec(name)?.[1] : undefined;
}

/** Whether a directory of this name tells nothing but that it lies among steps, though it may be none. */
export function isAmongSteps(name: string): boolean {
  return (
    name.startsWith("ckpt-") ||
    name === UNVERSIONED ||
    PYTHON_NUMBER.test(name) ||
    numberIn(name) !== undefined
  );
}

/** Ascending by number, `checkpoint` first. */
export function compareSteps(a: StepName, b: StepName): number {
  return (a.step ?? -1) - (b.step ?? -1);
}
