import { formatCount } from "./format-number.js";
import { partName } from "./node-name.js";
import { hasMoments, type Place, placeOf } from "./optimizer-share.js";
import type { ShownNode, ShownValue } from "./shown-tree.js";
import type { Structures } from "./structure.js";
import { addWeights, type Weight } from "./weight.js";

/** One line of a tree. */
export type TreeRow = {
  readonly level: number;
  readonly name: string;
  /** What stands there; `undefined` for a container, whose children follow a level deeper. */
  readonly value: ShownValue | undefined;
  readonly weight: Weight;
  /** Why no children follow; `undefined` where all do, or there are none. */
  readonly closed?: ClosedReason | undefined;
};

/** Why a container's children have no rows: they look like those of another one, or there would be too many. */
export type ClosedReason =
  | { readonly kind: "like"; readonly path: string; readonly dtype: string | undefined }
  | { readonly kind: "leaves"; readonly count: number };

/** How much of a tree is shown. */
export type TreeRowsOptions = {
  /** Keys of a path that are shown; `undefined` leaves it to `mostRows`. */
  readonly depth: number | undefined;
  /** Containers stay closed where more rows than this would be there; what stands at the top is always shown. */
  readonly mostRows: number;
};

/** A row with the rows below it. */
type Branch = {
  readonly row: TreeRow;
  readonly children: readonly Branch[];
  /** Whether there are leaves below it that no row will show. */
  readonly isCut: boolean;
};

/** A container that looks like one shown before saves so many rows at least, or it is shown once more. */
const LEAST_LIKE = 8;

/**
 * The lines of a tree, top-level keys first at level 0.
 *
 * @returns Also how many leaves are not shown, because of the depth or because there would be too many lines.
 */
export function treeRows(
  root: ShownNode,
  structures: Structures,
  options: TreeRowsOptions,
): { readonly rows: readonly TreeRow[]; readonly hiddenLeaves: number } {
  if (root.value !== undefined && root.children.length === 0) {
    const row = { level: 0, name: nameOf(root), value: root.value, weight: root.weight };
    return { rows: [row], hiddenLeaves: 0 };
  }
  const depth = options.depth ?? Number.POSITIVE_INFINITY;
  const branches = new BranchBuilder(root, structures, depth).build();
  const openness = options.depth === undefined ? openWithin(branches, options.mostRows) : everything;
  const rows: TreeRow[] = [];
  let hiddenLeaves = 0;
  for (const { row, isCut } of visibleRows(branches, openness)) {
    if (isCut) hiddenLeaves += row.weight.leaves;
    rows.push(row);
  }
  return { rows, hiddenLeaves };
}

/** The text of a place on its line, without what follows a container's. */
function nameOf({ part, group }: ShownNode): string {
  return group === undefined ? partName(part) : `${group.name} ×${group.times}`;
}

/** Where rows are made: their level, and the keys of the path to their parent, counted and as text. */
type Spot = { readonly level: number; readonly depth: number; readonly path: string };

/** What is around a container, whose path is `path`. */
type Surroundings = {
  readonly path: string;
  readonly place: Place;
  readonly depth: number;
  readonly isInGroup: boolean;
};

/** Makes rows of a tree; a large container that looks like another one only names that. */
class BranchBuilder {
  readonly #root: ShownNode;
  readonly #structures: Structures;
  readonly #depth: number;
  /** By likeness, the container whose children are shown, and its path. */
  readonly #shown = new Map<
    number,
    { readonly node: ShownNode; readonly path: string; readonly place: Place }
  >();

  constructor(root: ShownNode, structures: Structures, depth: number) {
    this.#root = root;
    this.#structures = structures;
    this.#depth = depth;
  }

  build(): readonly Branch[] {
    this.#chooseShown(this.#root, { path: "", place: "open", depth: 0, isInGroup: false });
    return this.#childrenOf(this.#root, { level: 0, depth: 0, path: "" });
  }

  /**
   * Chooses what others are compared with: parameters rather than the moments of an optimizer, which comes first in the
   * alphabet, and nothing inside of a group, whose path would say little.
   *
   * @returns The rows of `node`.
   */
  #chooseShown(node: ShownNode, at: Surroundings): number {
    if (node.children.length === 0) return 1;
    const isGroup = at.isInGroup || node.group !== undefined;
    const names = { depth: at.depth, hasMoments: hasMoments(node) };
    let rows = node.value === undefined ? 0 : 1;
    for (const child of node.children) {
      rows += this.#chooseShown(child, {
        path: `${at.path}${nameOf(child)}/`,
        place: placeOf(at.place, child.part, names),
        depth: at.depth + 1,
        isInGroup: isGroup,
      });
    }
    if (rows >= LEAST_LIKE && at.depth > 0 && !at.isInGroup) {
      const { likeness } = this.#structures.of(node);
      const shown = this.#shown.get(likeness);
      if (shown === undefined || (isOptimizer(shown.place) && !isOptimizer(at.place))) {
        this.#shown.set(likeness, { node, path: at.path, place: at.place });
      }
    }
    return rows + 1;
  }

  #childrenOf(node: ShownNode, at: Spot): Branch[] {
    return node.children.flatMap((child) => this.#branchesOf(child, at));
  }

  /** @param at Of the parent's children. */
  #branchesOf(node: ShownNode, { level, depth, path }: Spot): Branch[] {
    const { value, children, weight } = node;
    let name = nameOf(node);
    const spot = { level, depth: depth + 1, path: `${path}${name}/` };
    if (value !== undefined) {
      const leaf = { row: { level, name, value, weight }, children: [], isCut: false };
      if (children.length === 0) return [leaf];
      // Leaf and container at once: slashes in keys can make this.
      return [leaf, this.#containerAt(node, `${name}/`, spot)];
    }
    // Containers with one child share a line with it.
    let inner = node;
    for (
      let only = onlyChild(inner);
      only !== undefined && spot.depth < this.#depth;
      only = onlyChild(inner)
    ) {
      inner = only;
      name += `/${nameOf(only)}`;
      spot.depth++;
    }
    if (inner.value !== undefined) {
      const row = { level, name, value: inner.value, weight: inner.weight };
      return [{ row, children: [], isCut: false }];
    }
    const end = inner.group === undefined ? "/" : "";
    return [this.#containerAt(inner, name + end, { ...spot, path: `${path}${name}/` })];
  }

  #containerAt(node: ShownNode, name: string, { level, depth, path }: Spot): Branch {
    const like = this.#likeOther(node, path);
    const isCut = like === undefined && depth >= this.#depth;
    const closed = isCut ? leavesOf(node) : like;
    const row = { level, name, value: undefined, weight: node.weight, closed };
    const children = closed === undefined ? this.#childrenOf(node, { level: level + 1, depth, path }) : [];
    return { row, children, isCut };
  }

  /** @param ownPath Path to `node`: a neighbour is called by its name alone. */
  #likeOther(node: ShownNode, ownPath: string): ClosedReason | undefined {
    const { exact, likeness, dtype } = this.#structures.of(node);
    const shown = this.#shown.get(likeness);
    if (shown === undefined || shown.node === node) return undefined;
    const isExact = this.#structures.of(shown.node).exact === exact;
    if (!isExact && typeof dtype !== "string") return undefined;
    const parent = ownPath.slice(0, ownPath.lastIndexOf("/", ownPath.length - 2) + 1);
    const path = shown.path.startsWith(parent) ? shown.path.slice(parent.length) : shown.path;
    return { kind: "like", path, dtype: isExact ? undefined : (dtype ?? undefined) };
  }
}

function isOptimizer(place: Place): boolean {
  return place === "optimizer" || place === "holder";
}

/** The one child of a container, if a line can name both: below a group it would read as if each had one. */
function onlyChild({ value, group, children }: ShownNode): ShownNode | undefined {
  const [only] = children;
  const isShared = children.length === 1 && value === undefined && group === undefined;
  return isShared && (only?.value === undefined || only.children.length === 0) ? only : undefined;
}

function everything({ children }: Branch): number {
  return children.length;
}

function leavesOf({ weight }: ShownNode | TreeRow): ClosedReason {
  return { kind: "leaves", count: weight.leaves };
}

/** How many children of a branch have rows. */
type Openness = (branch: Branch) => number;

/**
 * Opens containers level by level, the smallest first, as long as there is room for their rows; of the first that does
 * not fit, as many children as do. Where not all of a level are open, nothing below it is.
 */
function openWithin(branches: readonly Branch[], mostRows: number): Openness {
  const open = new Map<Branch, number>();
  let room = mostRows - branches.length;
  let level = withChildren(branches);
  while (level.length > 0) {
    for (const branch of level.toSorted((a, b) => a.children.length - b.children.length)) {
      const rows = Math.min(branch.children.length, room);
      if (rows < branch.children.length && rows < LEAST_PART) return opennessOf(open);
      open.set(branch, rows);
      room -= rows;
    }
    level = withChildren(level.flatMap(({ children }) => children));
  }
  return opennessOf(open);
}

/** Fewer children of many tell nothing. */
const LEAST_PART = 12;

function withChildren(branches: readonly Branch[]): readonly Branch[] {
  return branches.filter(({ children }) => children.length > 0);
}

function opennessOf(open: ReadonlyMap<Branch, number>): Openness {
  return (branch) => open.get(branch) ?? 0;
}

type Visible = { readonly row: TreeRow; readonly isCut: boolean };

function* visibleRows(branches: readonly Branch[], openness: Openness): Generator<Visible> {
  for (const branch of branches) {
    const { row, children, isCut } = branch;
    const open = openness(branch);
    if (children.length > 0 && open === 0) {
      yield { row: { ...row, closed: leavesOf(row) }, isCut: true };
      continue;
    }
    yield { row, isCut };
    const shown = children.length > open ? children.slice(0, open - 1) : children;
    yield* visibleRows(shown, openness);
    if (shown.length < children.length) yield { row: moreRow(children.slice(shown.length)), isCut: true };
  }
}

/** One row for all that there is no room for. */
function moreRow(branches: readonly Branch[]): TreeRow {
  const weight = branches.map(({ row }) => row.weight).reduce(addWeights);
  const level = branches[0]?.row.level ?? 0;
  const row = { level, name: `… ${formatCount(branches.length)} more`, value: undefined, weight };
  return { ...row, closed: leavesOf(row) };
}
