import { OrbaxError } from "../errors.js";
import { dictOf, isDict } from "../pytree/container.js";
import { compareCodePoints } from "../pytree/key-path.js";
import { pythonRepr } from "../pytree/python-repr.js";
import { pythonTypeName } from "../pytree/python-type-name.js";
import type { Dict, Tree } from "../pytree/value.js";
import { NdArray, ndarray } from "../zarr/nd-array.js";
import { initialRngsState, type RngsOption } from "./rngs-state.js";

/**
 * The fields that every Datarax module saves, as they are in the beginning: two counters, statistics, and its
 * random streams where it has some (docs/spec/datarax.md section 4).
 */
export function initialModuleState(rngs: RngsOption | undefined): Dict {
  const streams = initialRngsState(rngs ?? {});
  return dictOf([
    ["_applied_count", ndarray("int32", [], Int32Array.of(0))],
    ["_computed_stats", null],
    ["_skipped_count", ndarray("int32", [], Int32Array.of(0))],
    ...(Object.keys(streams).length === 0 ? [] : [["rngs", streams] as const]),
  ]);
}

/**
 * Refuses a saved state that Python's modules refuse: the same fields must be there, and two arrays must agree in
 * shape and dtype. Of random streams only the names count, of other values nothing.
 *
 * @throws {OrbaxError} `CONFLICT` with Datarax's message; `cause` says which field it is.
 */
export function validateModuleState(current: Dict, saved: Dict): void {
  requireSameKeys(current, saved, "<root>");
  for (const [key, value] of Object.entries(current)) {
    const other = saved[key] ?? null;
    if (key === "rngs" && isDict(value)) requireSameKeys(value, other, key);
    requireSameArray(value, other, key);
  }
}

function requireSameKeys(current: Dict, saved: Tree, location: string): void {
  if (!isDict(saved)) {
    throw incompatible(
      `State node type mismatch at ${location}: expected dict, got ${pythonTypeName(saved)}`,
    );
  }
  const missing = keysWithout(current, saved);
  const extra = keysWithout(saved, current);
  if (missing.length === 0 && extra.length === 0) return;
  throw incompatible(
    `State keys mismatch at ${location}: missing=${pythonRepr(missing)}, extra=${pythonRepr(extra)}`,
  );
}

function keysWithout(dict: Dict, other: Dict): string[] {
  return Object.keys(dict)
    .filter((key) => !Object.hasOwn(other, key))
    .sort(compareCodePoints);
}

function requireSameArray(current: Tree, saved: Tree, location: string): void {
  if (!NdArray.is(current) || !NdArray.is(saved)) return;
  if (current.shape.join() !== saved.shape.join()) {
    const shapes = [current, saved].map(
      ({ shape }) => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`,
    );
    throw incompatible(`Array shape mismatch at ${location}: expected ${shapes[0]}, got ${shapes[1]}`);
  }
  if (current.dtype !== saved.dtype) {
    throw incompatible(`Array dtype mismatch at ${location}: expected ${current.dtype}, got ${saved.dtype}`);
  }
}

function incompatible(reason: string): OrbaxError {
  const details = { pythonType: "ValueError" };
  return new OrbaxError(
    "CONFLICT",
    "Checkpoint state is structurally incompatible with module state. " +
      "Regenerate checkpoints after architecture/config changes.",
    details,
    { cause: new OrbaxError("CONFLICT", reason, details) },
  );
}
