import type { KeyPathPart } from "../pytree/key-path.js";
import type { ShownNode, ShownValue } from "./shown-tree.js";

/** What a tree is built like, whatever its values are. Equal numbers stand for equal structures. */
export type Structure = {
  /** The same paths, kinds, dtypes and shapes. */
  readonly exact: number;
  /** The same paths, shapes and shardings; arrays may differ in dtype. */
  readonly likeness: number;
  /** Dtype of all arrays, `null` if there are several, `undefined` if there is none. */
  readonly dtype: string | null | undefined;
};

/** Compares trees by their structure: each distinct one gets a number, so that large ones compare in no time. */
export class Structures {
  readonly #numbers = new Map<string, number>();
  readonly #leaves = new Map<string, Structure>();
  readonly #known = new WeakMap<ShownNode, Structure>();

  of(node: ShownNode): Structure {
    if (node.children.length === 0) return this.#leafStructure(node.value);
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    const structure = this.#structureOf(node);
    this.#known.set(node, structure);
    return structure;
  }

  /** There are few kinds of leaves, and many leaves. */
  #leafStructure(
    { type, sharding }: Pick<ShownValue, "type" | "sharding"> = { type: "", sharding: "" },
  ): Structure {
    const key = `${type}\0${sharding}`;
    const known = this.#leaves.get(key);
    if (known !== undefined) return known;
    const { dtype, shape = type } = splitType(type);
    const structure = {
      exact: this.#numberOf(["exact", type]),
      likeness: this.#numberOf(["like", shape, sharding]),
      dtype,
    };
    this.#leaves.set(key, structure);
    return structure;
  }

  #structureOf({ value, children }: ShownNode): Structure {
    const own = value === undefined ? undefined : this.#leafStructure(value);
    const members = children.map((child) => ({ name: nameKey(child), ...this.of(child) }));
    members.sort((a, b) => compare(a.name, b.name));
    // Two children that are shown at one place cannot be told apart by their names.
    const isAmbiguous = members.some(({ name }, index) => name === members[index + 1]?.name);
    const unique = isAmbiguous ? this.#numbers.size : -1;
    const exact = members.map(({ name, exact: number }) => [name, number]);
    const likeness = members.map(({ name, likeness: number }) => [name, number]);
    return {
      exact: this.#numberOf(["exact", own?.exact, unique, exact]),
      likeness: this.#numberOf(["like", own?.likeness, unique, likeness]),
      dtype: members.map((member) => member.dtype).reduce(commonDtype, own?.dtype),
    };
  }

  #numberOf(description: unknown): number {
    const text = JSON.stringify(description);
    const number = this.#numbers.get(text) ?? this.#numbers.size;
    this.#numbers.set(text, number);
    return number;
  }
}

/** Tells children of one parent apart. */
export function nameKey({ part, group }: { part: KeyPathPart; group?: ShownNode["group"] }): string {
  return group === undefined ? `${typeof part} ${part}` : `group ${group.name}`;
}

/** Dtype and shape of an array's type; none of another's. */
function splitType(type: ShownValue["type"]): { dtype?: string; shape?: string } {
  const space = type.indexOf(" ");
  const isArray = space > 0 && type[space + 1] === "[";
  return isArray ? { dtype: type.slice(0, space), shape: type.slice(space) } : {};
}

function commonDtype(a: Structure["dtype"], b: Structure["dtype"]): Structure["dtype"] {
  if (a === undefined) return b;
  return b === undefined || a === b ? a : null;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
