import { isOrbaxError, OrbaxError } from "../../errors.js";
import { formatKeyPath, type KeyPath } from "../../pytree/key-path.js";

/** Puts a leaf's key path into the details of an error that was thrown for it. Other errors come back as they are. */
export function atLeaf(error: unknown, path: KeyPath): unknown {
  if (!isOrbaxError(error)) return error;
  const details = { ...error.details, key: formatKeyPath(path) };
  return new OrbaxError(error.code, error.message, details, { cause: error });
}
