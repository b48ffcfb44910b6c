import { formatBytes, formatCount, formatShortCount } from "./format-number.js";
import type { Style } from "./style.js";
import { cutText, padText, textWidth } from "./table.js";
import type { TreeRow } from "./tree-rows.js";

/** How wide a line may be, and how it looks. */
export type TreeTextOptions = { readonly columns: number; readonly style: Style };

type Cells = {
  readonly name: string;
  readonly type: string;
  readonly size: string;
  /** What follows: a value, a note, the sharding. */
  readonly value: string;
  readonly dimmed: string;
  readonly isContainer: boolean;
};

const MOST_NAME = 36;
const MOST_TYPE = 26;
/** Less of a note or a sharding says nothing. */
const LEAST_DIMMED = 5;
const INDENT = "  ";
const GAP = "  ";

/** One or two lines a row: names, types and sizes stand in columns of their own, the rest is cut at the edge. */
export function* treeText(rows: readonly TreeRow[], options: TreeTextOptions): Generator<string> {
  const cells = rows.map(cellsOf);
  const sizeWidth = widest(cells, "size", options.columns);
  const typeWidth = widest(cells, "type", MOST_TYPE);
  const left = options.columns - typeWidth - sizeWidth - 2 * GAP.length;
  const nameWidth = widest(cells, "name", Math.min(MOST_NAME, left));
  for (const cell of cells) yield* linesOf(cell, { nameWidth, typeWidth, sizeWidth }, options);
}

/** Width of the widest cell that is no wider than `most`: the others take the room of their neighbours. */
function widest(cells: readonly Cells[], column: "name" | "type" | "size", most: number): number {
  let width = 0;
  for (const cell of cells) {
    const own = textWidth(cell[column]);
    const isAlone = column === "name" && cell.type === "" && cell.size === "" && cell.dimmed === "";
    if (own <= most && !isAlone) width = Math.max(width, own);
  }
  return width;
}

function cellsOf({ level, name, value, weight, closed }: TreeRow): Cells {
  const { parameters, bytes } = weight;
  const isContainer = value === undefined;
  const counts = parameters > 0 ? paramsText(parameters) : "";
  return {
    name: INDENT.repeat(level) + name,
    type: value?.type ?? counts,
    size: (value?.isSized ?? parameters > 0) ? formatBytes(bytes) : "",
    value: value?.value ?? "",
    dimmed: isContainer ? closedText(closed) : value.sharding,
    isContainer,
  };
}

function paramsText(parameters: number): string {
  return parameters === 1 ? "1 param" : `${formatShortCount(parameters)} params`;
}

function closedText(closed: TreeRow["closed"]): string {
  if (closed === undefined) return "";
  if (closed.kind === "leaves") return closed.count === 1 ? "1 leaf" : `${formatCount(closed.count)} leaves`;
  return `like ${closed.path}${closed.dtype === undefined ? "" : ` in ${closed.dtype}`}`;
}

type Widths = { readonly nameWidth: number; readonly typeWidth: number; readonly sizeWidth: number };

function* linesOf(cell: Cells, widths: Widths, { columns, style }: TreeTextOptions): Generator<string> {
  const { isContainer, size, value } = cell;
  const { nameWidth, typeWidth, sizeWidth } = widths;
  const room = nameWidth + GAP.length + typeWidth;
  const sizeText = sizeWidth === 0 ? "" : GAP + padText(size, sizeWidth, "right");
  const left = columns - room - textWidth(sizeText);
  // Why a container is closed is worth more than how many parameters it has.
  const isReplaced = isContainer && cell.dimmed !== "" && textWidth(cell.dimmed) > left - GAP.length;
  const type = cutText(isReplaced ? cell.dimmed : cell.type, isReplaced ? typeWidth : room);
  const dimmed = isReplaced ? "" : cell.dimmed;
  const isBare = type === "" && size === "" && value === "" && dimmed === "";
  const isShort = textWidth(cell.name) + GAP.length + textWidth(type) <= room;
  if (isBare || !isShort) yield `${style.name(cutText(cell.name, columns))}\n`;
  if (isBare) return;
  const name = isShort ? cell.name : "";
  // The type stands in its column, or as near to it as a long name and its own length let it.
  const least = name === "" ? 0 : textWidth(name) + GAP.length;
  const start = Math.min(Math.max(nameWidth + GAP.length, least), room - textWidth(type));
  const typeText = padText(type, room - start) + sizeText;
  const line =
    style.name(name) + " ".repeat(start - textWidth(name)) + (isContainer ? style.dim(typeText) : typeText);
  const shownValue = cutText(value, left - GAP.length);
  const after = shownValue === "" ? left : left - GAP.length - textWidth(shownValue);
  const shownDimmed = fitText(dimmed, after - GAP.length);
  const rest = [style.value(shownValue), style.dim(shownDimmed)].filter((text) => text !== "");
  yield `${[line, ...rest].join(GAP).trimEnd()}\n`;
}

function fitText(text: string, room: number): string {
  return room < LEAST_DIMMED && textWidth(text) > room ? "" : cutText(text, room);
}
