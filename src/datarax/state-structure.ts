import { OrbaxError } from "../errors.js";
import { isDict } from "../pytree/container.js";
import { compareCodePoints } from "../pytree/key-path.js";
import { pythonRepr } from "../pytree/python-repr.js";
import { pythonTypeName } from "../pytree/python-type-name.js";
import type { Dict, Tree } from "../pytree/value.js";
import { NdArray } from "../zarr/nd-array.js";

/** How Python compares what a field holds: all keys at all levels of a module, the keys alone of another dict. */
export type ModuleStructure = {
  /** Fields that are modules of their own. */
  readonly modules?: { readonly [field: string]: ModuleStructure };
  /** Fields that are dicts of something else: data, random streams. */
  readonly dicts?: readonly string[];
};

/**
 * Refuses a saved state that Datarax's strict restore refuses (docs/spec/datarax.md section 4): the keys of a module
 * must be the same, and two arrays must agree in shape and dtype. The values of scalars are not looked at.
 *
 * @throws {OrbaxError} `CONFLICT` with Datarax's message; `cause` says where it is.
 */
export function validateStructure(
  current: Dict,
  saved: Dict,
  { modules = {}, dicts = [] }: ModuleStructure,
  path: readonly string[] = [],
): void {
  requireSameKeys(current, saved, path);
  for (const [field, value] of Object.entries(current)) {
    const other = saved[field] ?? null;
    const place = [...path, field];
    const module = Object.hasOwn(modules, field) ? modules[field] : undefined;
    if (module !== undefined && isDict(value)) {
      validateStructure(value, requireDict(other, place), module, place);
    } else if (dicts.includes(field) && isDict(value)) {
      requireSameKeys(value, requireDict(other, place), place);
    } else {
      requireSameArray(value, other, place);
    }
  }
}

/** The state of a module as a dict. @throws {OrbaxError} `CONFLICT` with Datarax's message for anything else. */
export function requireDict(saved: Tree, path: readonly string[]): Dict {
  if (isDict(saved)) return saved;
  throw incompatible(
    `State node type mismatch at ${location(path)}: expected dict, got ${pythonTypeName(saved)}`,
  );
}

function requireSameKeys(current: Dict, saved: Dict, path: readonly string[]): void {
  const missing = keysWithout(current, saved);
  const extra = keysWithout(saved, current);
  if (missing.length === 0 && extra.length === 0) return;
  throw incompatible(
    `State keys mismatch at ${location(path)}: missing=${listed(missing)}, extra=${listed(extra)}`,
  );
}

function keysWithout(dict: Dict, other: Dict): string[] {
  return Object.keys(dict)
    .filter((key) => !Object.hasOwn(other, key))
    .sort(compareCodePoints);
}

/** Python's list of keys, those that it has as ints without quotes. */
function listed(keys: readonly string[]): string {
  return `[${keys.map((key) => (/^(0|[1-9]\d*)$/u.test(key) ? key : pythonRepr(key))).join(", ")}]`;
}

function requireSameArray(current: Tree, saved: Tree, path: readonly string[]): void {
  if (!NdArray.is(current) || !NdArray.is(saved)) return;
  if (current.shape.join() !== saved.shape.join()) {
    throw incompatible(
      `Array shape mismatch at ${location(path)}: expected ${shapeRepr(current)}, got ${shapeRepr(saved)}`,
    );
  }
  if (current.dtype !== saved.dtype) {
    throw incompatible(
      `Array dtype mismatch at ${location(path)}: expected ${current.dtype}, got ${saved.dtype}`,
    );
  }
}

function shapeRepr({ shape }: NdArray): string {
  return `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
}

function location(path: readonly string[]): string {
  return path.length === 0 ? "<root>" : path.join(".");
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
