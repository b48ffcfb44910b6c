import { arrayTypeOf } from "../checkpoint/tree/stored-leaf.js";
import { escapeText } from "./escape-text.js";
import { foldSimilar } from "./fold-similar.js";
import { formatCount } from "./format-number.js";
import type { ItemReader } from "./item-reader.js";
import { typeText, valueText } from "./leaf-text.js";
import { leafWeight } from "./leaf-weight.js";
import { optimizerBytes } from "./optimizer-share.js";
import { shardingText } from "./sharding-text.js";
import { headerLines } from "./show-header.js";
import { shownPaths } from "./shown-path.js";
import { type DescribeLeaf, shownTree } from "./shown-tree.js";
import { Structures } from "./structure.js";
import type { Style } from "./style.js";
import { cutText } from "./table.js";
import { type Totals, totalsOf } from "./totals.js";
import { type ShownLeaf, treeOf } from "./tree-node.js";
import { treeRows } from "./tree-rows.js";
import { treeText } from "./tree-text.js";

/** What is shown of a tree, and how. */
export type ShowTextOptions = {
  readonly columns: number;
  readonly style: Style;
  /** Path of the item. */
  readonly place: string;
  /** Keys of a path that are shown; by default as many as fit on two screens. */
  readonly depth: number | undefined;
  /** Of the whole tree, where `leaves` are a part of it. */
  readonly whole: Totals | undefined;
};

/** Two screens of fifty lines, less what stands above and below the tree. */
const MOST_ROWS = 88;
/** Trees with fewer leaves are not so long that one would rather see a part of them. */
const LEAST_CUT = 400;

/** A tree for people, line by line: what it amounts to first, then its keys. */
export function* showText(
  leaves: readonly ShownLeaf[],
  reader: ItemReader,
  { columns, style, place, depth, whole }: ShowTextOptions,
): Generator<string> {
  const paths = shownPaths(
    leaves.map(({ leaf }) => leaf.path),
    (index) => isData(leaves[index]),
  );
  const placed = leaves.map((shown, index) => ({ path: paths[index]?.path ?? shown.leaf.path, shown }));
  const tree = shownTree(treeOf(placed), describer(reader));
  const structures = new Structures();
  const { rows, hiddenLeaves } = treeRows(foldSimilar(tree, structures), structures, {
    depth,
    mostRows: leaves.length < LEAST_CUT ? Number.POSITIVE_INFINITY : MOST_ROWS,
  });
  const header = {
    totals: totalsOf(leaves, reader),
    whole,
    stored: reader.storedBytes,
    optimizerBytes: optimizerBytes(tree),
    place,
  };
  for (const line of headerLines(header, { columns, style })) yield `${line}\n`;
  yield "\n";
  yield* treeText(rows, { columns, style });
  const notes: string[] = [];
  if (paths.some(({ isShortened }) => isShortened)) notes.push('A last key "value" is left out.');
  if (hiddenLeaves > 0) {
    notes.push(`${formatCount(hiddenLeaves)} leaves have no line; --depth N or --filter GLOB shows more.`);
  }
  if (notes.length > 0) yield `\n${notes.map((note) => `${style.dim(cutText(note, columns))}\n`).join("")}`;
}

function isData(shown: ShownLeaf | undefined): boolean {
  const storage = shown?.leaf.storage;
  const kind = storage?.kind === "value" ? storage.leaf.kind : "array";
  return kind !== "none" && kind !== "placeholder" && !kind.startsWith("empty-");
}

/** What each line says, as far as the reader knows. */
function describer(reader: ItemReader): DescribeLeaf {
  // Most leaves of a checkpoint have the same sharding.
  const shardings = new Map<string, string>();
  const shardingOf = (text = ""): string => {
    const known = text === "" ? "" : shardings.get(text);
    if (known !== undefined) return known;
    const shown = escapeText(shardingText(text));
    shardings.set(text, shown);
    return shown;
  };
  return (shown) => {
    const { leaf, value } = shown;
    return {
      value: {
        type: typeText(shown, reader.implOf(leaf)),
        value: valueText(value),
        sharding: shardingOf(reader.shardingOf(leaf)),
        isSized: arrayTypeOf(leaf) !== undefined && value?.kind !== "scalar",
      },
      weight: leafWeight(leaf, reader.kindOf(leaf), value),
    };
  };
}
