import { invalidArgument } from "../errors.js";
import { parsePythonInt } from "../pytree/python-int.js";

const PREFIX = "ckpt-";

/**
 * The step that Datarax takes a directory for, or `undefined` if it is none: `ckpt-5`, `7`, `ckpt-007`, also
 * `ckpt-9-foo` and whatever else Python's `int()` takes (docs/spec/datarax.md section 1.3).
 */
export function stepOfDirectoryName(name: string): bigint | undefined {
  const number = name.startsWith(PREFIX) ? (name.split("-")[1] ?? "") : name;
  return parsePythonInt(number);
}

/**
 * The steps that Datarax removes after a save: all but the `keep` largest, ascending (docs/spec/datarax.md
 * section 1.4). Steps that two directories have count twice.
 *
 * @param keep How many stay; `null`, 0 and less keep all.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a fraction or a number beyond 2^53.
 */
export function stepsToPrune<Step extends number | bigint>(
  steps: readonly Step[],
  keep: number | null | undefined,
): Step[] {
  if (keep === null || keep === undefined) return [];
  if (!Number.isSafeInteger(keep)) throw invalidArgument(`keep must be an integer, got ${keep}`);
  if (keep <= 0) return [];
  const ascending = [...steps].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return ascending.slice(0, Math.max(0, ascending.length - keep));
}
