import { invalidArgument } from "../errors.js";
import { dictOf, isDict, isMap } from "../pytree/container.js";
import { Scalar, type Tree, Tuple } from "../pytree/value.js";
import { NdArray } from "../zarr/nd-array.js";

// How Datarax puts a state and the metadata of its save into one tree (docs/spec/datarax.md section 1.8).

/** Where the metadata lies, beside the state's own keys. */
const METADATA_KEY = "__metadata__";
/** Where a state lies that is no dict, if there is metadata. */
const STATE_KEY = "__state__";

/**
 * The tree that a save encodes: the state, and the metadata if it is truthy in Python (an empty dict is none).
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a single value without metadata, as Orbax refuses it.
 */
export function wrapState(state: unknown, metadata: unknown): unknown {
  if (!isTruthy(metadata)) {
    refuseSingleValue(state);
    return state;
  }
  if (isMap(state)) return new Map([...state, [METADATA_KEY, metadata]]);
  const wrapped: { [key: string]: unknown } = Object.create(null);
  for (const [key, value] of isDict(state) ? Object.entries(state) : [[STATE_KEY, state] as const]) {
    wrapped[key] = value;
  }
  wrapped[METADATA_KEY] = metadata;
  return wrapped;
}

/** Python's `bool(metadata)`. */
function isTruthy(metadata: unknown): boolean {
  if (isMap(metadata)) return metadata.size > 0;
  if (isDict(metadata)) return Object.keys(metadata).length > 0;
  if (Scalar.is(metadata)) return Boolean(metadata.value);
  if (Tuple.is(metadata)) return metadata.items.length > 0;
  return Array.isArray(metadata) ? metadata.length > 0 : Boolean(metadata);
}

/** Trees and what becomes one (strings, random keys) pass, and NumPy arrays; numbers and `jax.Array`s do not. */
function refuseSingleValue(state: unknown): void {
  if (state === null || state === undefined) {
    throw invalidArgument("Must provide item to save.", { pythonType: "ValueError" });
  }
  const isJaxArray = NdArray.is(state) && state.sharding !== undefined;
  const isTree = typeof state === "object" || typeof state === "string";
  if (isTree && !Scalar.is(state) && !isJaxArray) return;
  if (typeof state === "function" || typeof state === "symbol") return; // the codec says it better
  throw invalidArgument(
    "StandardCheckpointHandler / StandardSave does not support single arrays or scalars. " +
      "Save a dict or list that holds the value.",
    { pythonType: "ValueError" },
  );
}

/** What {@link wrapState} put together; any dict with a key `__state__` is taken for an envelope, as in Python. */
export function unwrapState(decoded: Tree): { readonly state: Tree; readonly metadata: Tree | null } {
  if (!isDict(decoded)) return { state: decoded, metadata: null };
  const { [METADATA_KEY]: metadata = null, ...rest } = decoded;
  const inner = rest[STATE_KEY];
  return { state: inner === undefined ? dictOf(Object.entries(rest)) : inner, metadata };
}
