import type { KeyPath, KeyPathPart } from "../pytree/key-path.js";

/** Parts that one key may have: deeper ones are text with slashes rather than paths. */
const MOST_PARTS = 32;
/** Parts that splitting may add to all paths together. */
const MOST_ADDED = 2 ** 17;

/** Flax's NNX puts every array under this key. */
const VALUE_KEY = "value";
/** One such key alone may be anybody's. */
const LEAST_VALUES = 2;

/** A leaf's path as people see it. */
export type ShownPath = {
  /** Keys with slashes are branches here. */
  readonly path: KeyPath;
  /** Whether a last key `value` was left out. */
  readonly isShortened: boolean;
};

/**
 * Where leaves stand in a tree for people. Keys with slashes, as Gemma's `transformer/layer_0/attn`, become branches;
 * a last key `value` is left out in top-level subtrees of which every leaf has it, as in states of Flax's NNX.
 *
 * @param isData Whether a leaf holds anything: empties may lack the key.
 */
export function shownPaths(paths: readonly KeyPath[], isData: (index: number) => boolean): ShownPath[] {
  const isUniform = uniformSubtrees(paths, isData);
  let added = 0;
  return paths.map((path) => {
    const isShortened = path.at(-1) === VALUE_KEY && path.length > 1 && isUniform(path[0]);
    const kept = isShortened ? path.slice(0, -1) : path;
    const split = added < MOST_ADDED ? splitPath(kept) : kept;
    added += split.length - kept.length;
    return { path: split, isShortened };
  });
}

/** Tells of a top-level key whether every leaf with data below it ends in `value`. */
function uniformSubtrees(paths: readonly KeyPath[], isData: (index: number) => boolean) {
  const others = new Set<KeyPathPart | undefined>();
  let values = 0;
  for (const [index, path] of paths.entries()) {
    if (path.length > 1 && path.at(-1) === VALUE_KEY) values++;
    else if (isData(index)) others.add(path[0]);
  }
  return (top: KeyPathPart | undefined) => values >= LEAST_VALUES && !others.has(top);
}

function splitPath(path: KeyPath): KeyPath {
  if (!path.some(isSplit)) return path;
  return path.flatMap((part): KeyPath => (isSplit(part) ? part.split("/") : [part]));
}

function isSplit(part: KeyPathPart): part is string {
  if (typeof part === "number" || !part.includes("/")) return false;
  const parts = part.split("/", MOST_PARTS + 1);
  return parts.length <= MOST_PARTS && parts.every((name) => name !== "");
}
