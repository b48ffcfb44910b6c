import type { KeyPathPart } from "../pytree/key-path.js";
import type { ShownNode } from "./shown-tree.js";

/** Where a subtree lies: not decided yet, in the state of an optimizer, or in anything else. A holder is an optimizer with its parameters. */
export type Place = "open" | "holder" | "optimizer" | "other";

/** Names of an optimizer's state: optax in Flax's `TrainState`, PAX, Keras. */
const STATE = /^(?:opt|optimizer|optim)_(?:state|states|vars|variables)(?:_\d+)?$/;
/** Names of optimizers, which may hold their parameters as well: NNX once, T5X. */
const OPTIMIZER = /^(?:opt|optim.*)$/;
/** Names of parameters. */
const PARAMETERS = /^(?:params|model|target|mdl_vars)$/;
/** Deeper down a name means something in the model. */
const MOST_DEPTH = 4;

/**
 * Where a child lies, by its name: `opt_state`, `optimizer_variables` and the like hold an optimizer's state, and so
 * do `opt` and `optimizer`, apart from parameters directly below them; so do `mu` and `nu` side by side. What lies
 * below `params` or `model` belongs to the model, whatever it is called.
 *
 * @param siblings Names of all children of the parent.
 */
export function placeOf(
  parent: Place,
  part: KeyPathPart,
  { depth, hasMoments }: { readonly depth: number; readonly hasMoments: boolean },
): Place {
  const name = String(part);
  if (parent === "holder") return PARAMETERS.test(name) ? "other" : "optimizer";
  if (parent !== "open") return parent;
  if (depth >= MOST_DEPTH || PARAMETERS.test(name)) return "other";
  if (STATE.test(name) || (hasMoments && MOMENTS.includes(name))) return "optimizer";
  return OPTIMIZER.test(name) ? "holder" : "open";
}

const MOMENTS = ["mu", "nu"];

/** Whether a node has Adam's two moments side by side. */
export function hasMoments({ children }: ShownNode): boolean {
  return MOMENTS.every((name) => children.some(({ part }) => part === name));
}

/** Bytes of an optimizer's state. */
export function optimizerBytes(node: ShownNode, place: Place = "open", depth = 0): number {
  if (place === "optimizer") return node.weight.bytes;
  if (place === "other") return 0;
  if (node.children.length === 0) return place === "holder" ? node.weight.bytes : 0;
  const surroundings = { depth, hasMoments: hasMoments(node) };
  return node.children.reduce(
    (sum, child) => sum + optimizerBytes(child, placeOf(place, child.part, surroundings), depth + 1),
    0,
  );
}
