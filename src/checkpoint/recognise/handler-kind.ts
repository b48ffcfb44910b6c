import type { ItemKind } from "./layout.js";

/** Classes of Orbax's own handlers, by what they write (docs/spec/orbax-layout.md sections 5 and 18). */
const ORBAX_CLASSES: ReadonlyMap<string, ItemKind | undefined> = new Map<string, ItemKind | undefined>([
  ["StandardCheckpointHandler", "pytree"],
  ["PyTreeCheckpointHandler", "pytree"],
  ["BasePyTreeCheckpointHandler", "pytree"],
  ["PyTreeHandler", "pytree"],
  ["ArrayCheckpointHandler", "pytree"],
  ["JaxRandomKeyCheckpointHandler", "pytree"],
  ["NumpyRandomKeyCheckpointHandler", "pytree"],
  ["JsonCheckpointHandler", "json"],
  ["JsonHandler", "json"],
  ["MetricsHandler", "json"],
  ["ProtoCheckpointHandler", "proto-text"],
  ["ProtoHandler", "proto-text"],
  // Items of its own below, which are no item of this step.
  ["CompositeCheckpointHandler", undefined],
]);

/**
 * What a handler writes, by its class path in `_CHECKPOINT_METADATA`. The modules moved between releases, so of
 * Orbax's only the first part of the path and the class count. Every other class writes `files`: a user's own,
 * `StatefulCheckpointableHandler`, which writes whatever an object asks for, and those of Orbax's that are no public
 * handlers (`ProcessMetadataCheckpointHandler`).
 *
 * @returns `undefined` where it is unknown, or writes no item.
 */
export function kindOfHandler(classPath: string | undefined): ItemKind | undefined {
  if (classPath === undefined) return undefined;
  if (classPath.startsWith("grain.")) return "grain";
  const className = classPath.slice(classPath.lastIndexOf(".") + 1);
  if (!classPath.startsWith("orbax.") || !ORBAX_CLASSES.has(className)) return "files";
  return ORBAX_CLASSES.get(className);
}
