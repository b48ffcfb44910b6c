import { dictOf } from "../../pytree/container.js";
import type { PytreeLeaf } from "../../pytree/leaf.js";
import { bytes, placeholder, type Tree, tuple } from "../../pytree/value.js";

/** A leaf as an exact load gives it. */
export function exactValue(leaf: PytreeLeaf): Tree {
  switch (leaf.kind) {
    case "array":
      return leaf.array;
    case "scalar":
      return leaf.scalar;
    case "string":
      return leaf.text;
    case "bytes":
      return bytes(leaf.bytes);
    case "prng-key":
      return leaf.key;
    case "none":
      return null;
    case "empty-dict":
      return dictOf([]);
    case "empty-list":
      return [];
    case "empty-tuple":
      return tuple([]);
    case "placeholder":
      return placeholder;
  }
}
