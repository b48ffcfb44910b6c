import { escapeText } from "./escape-text.js";
import { formatBytes } from "./format-number.js";
import { arrayBytesOf, type ItemReader } from "./item-reader.js";
import { typeText, valueText } from "./leaf-text.js";
import { shardingText } from "./sharding-text.js";
import type { Style } from "./style.js";
import { cutText, padText, textWidth } from "./table.js";
import type { TreeRow } from "./tree-rows.js";

/** How wide a line may be, and how it looks. */
export type TreeTextOptions = {
  readonly columns: number;
  readonly style: Style;
  readonly reader: Pick<ItemReader, "implOf" | "shardingOf">;
};

type Cells = {
  readonly name: string;
  readonly type: string;
  readonly size: string;
  readonly value: string;
  readonly sharding: string;
};

const MOST_NAME = 36;
const MOST_TYPE = 22;
const INDENT = "  ";

/** One or two lines a row: names stand in a column of their own, and values are cut at the edge. */
export function* treeText(rows: readonly TreeRow[], options: TreeTextOptions): Generator<string> {
  const cells = rows.map((row) => cellsOf(row, options.reader));
  const nameWidth = widest(cells, "name", MOST_NAME);
  const typeWidth = widest(cells, "type", MOST_TYPE);
  const sizeWidth = widest(cells, "size", Number.POSITIVE_INFINITY);
  for (const cell of cells) yield* linesOf(cell, { nameWidth, typeWidth, sizeWidth }, options);
}

/** Width of the widest cell that is no wider than `most`: the others get lines of their own. */
function widest(cells: readonly Cells[], column: "name" | "type" | "size", most: number): number {
  let width = 0;
  for (const cell of cells) {
    // A container's name has its line for itself.
    const isAlone = column === "name" && cell.type === "";
    const own = isAlone ? 0 : textWidth(cell[column]);
    if (own <= most) width = Math.max(width, own);
  }
  return width;
}

function cellsOf({ level, name, leaf, folded }: TreeRow, reader: TreeTextOptions["reader"]): Cells {
  const indented = INDENT.repeat(level) + name;
  if (folded !== undefined) return { name: indented, ...folded, size: "", sharding: "" };
  if (leaf === undefined) return { name: indented, type: "", size: "", value: "", sharding: "" };
  const sharding = reader.shardingOf(leaf.leaf);
  const isArray = leaf.leaf.array !== undefined && leaf.value?.kind !== "scalar";
  return {
    name: indented,
    type: typeText(leaf, reader.implOf(leaf.leaf)),
    size: isArray ? formatBytes(arrayBytesOf(leaf.leaf)) : "",
    value: valueText(leaf.value),
    sharding: sharding === undefined ? "" : escapeText(shardingText(sharding)),
  };
}

type Widths = { readonly nameWidth: number; readonly typeWidth: number; readonly sizeWidth: number };

function* linesOf(cell: Cells, widths: Widths, { columns, style }: TreeTextOptions): Generator<string> {
  const { name, type, size, value, sharding } = cell;
  if (type === "") {
    yield `${style.name(name)}\n`;
    return;
  }
  const { nameWidth, typeWidth, sizeWidth } = widths;
  const fill = nameWidth - textWidth(name);
  if (fill < 0) yield `${style.name(name)}\n`;
  const line = fill < 0 ? " ".repeat(nameWidth) : style.name(name) + " ".repeat(fill);
  const head = `${padText(type, typeWidth)}  ${padText(size, sizeWidth, "right")}`;
  const room = columns - nameWidth - textWidth(head) - 4;
  const shownValue = cutText(value, Math.max(0, room));
  const gap = shownValue === "" ? "" : "  ";
  const shownSharding = cutText(sharding, Math.max(0, room - textWidth(shownValue) - gap.length));
  const tail = [style.value(shownValue), style.dim(shownSharding)].filter((text) => text !== "").join("  ");
  yield `${`${line}  ${head}  ${tail}`.trimEnd()}\n`;
}
