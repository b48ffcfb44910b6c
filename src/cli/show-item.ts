import { isJsonObject, type JsonObject, type JsonValue } from "../bytes/json.js";
import { escapeText } from "./escape-text.js";
import { formatBytes, formatPlural } from "./format-number.js";
import { jsonText } from "./json-text.js";
import type { PlainKind } from "./open-item.js";
import { placeText } from "./show-header.js";
import type { Style } from "./style.js";
import { cutText, formatTable } from "./table.js";

/** What stands above an item that is no tree, and how wide its lines may be. */
export type ShowItemOptions = {
  readonly columns: number;
  readonly style: Style;
  /** Bytes of all its files. */
  readonly stored: number;
  readonly place: string;
};

/**
 * An item that is no tree for people: JSON indented, texts as they are, files by name; each line cut at the edge.
 *
 * @param content As `itemContent` gives it.
 */
export function* showItem(
  kind: PlainKind,
  content: JsonObject,
  { columns, style, stored, place }: ShowItemOptions,
): Generator<string> {
  const { json = null, text = "", files = null } = content;
  const entries = isJsonObject(files) ? Object.entries(files) : [];
  const counts = kind === "files" || kind === "grain" ? ` in ${formatPlural(entries.length, "file")}` : "";
  yield `${style.bold(`${kind}, ${formatBytes(stored)} on disk${counts}`)}\n`;
  yield `${style.dim(placeText(place, columns))}\n\n`;
  if (kind === "json") yield* cutLines(jsonText(json, { indent: 2, formatNonFinite: String }), columns);
  else if (kind === "proto-text") yield* cutLines([textOf(text)], columns);
  else if (kind === "grain") yield* grainTexts(entries, columns, style);
  else yield* fileTable(entries, columns);
}

function textOf(value: JsonValue): string {
  return typeof value === "string" ? value : "";
}

function* grainTexts(files: [string, JsonValue][], columns: number, style: Style): Generator<string> {
  for (const [index, [name, text]] of files.entries()) {
    yield `${index > 0 ? "\n" : ""}${style.name(cutText(escapeText(name), columns))}\n`;
    yield* cutLines([textOf(text)], columns);
  }
}

function* fileTable(files: [string, JsonValue][], columns: number): Generator<string> {
  const rows = files.map(([name, file]) => {
    const size = isJsonObject(file) ? file["size"] : undefined;
    return [typeof size === "number" ? formatBytes(size) : "?", escapeText(name)];
  });
  for (const line of formatTable(rows, ["right", "left"])) yield `${cutText(line, columns)}\n`;
}

/** Lines of a text that comes in pieces, escaped and cut; blank ones at its end are left out. */
function* cutLines(pieces: Iterable<string>, columns: number): Generator<string> {
  const print = (line: string) => `${cutText(escapeText(line.replaceAll("\t", "  ")), columns)}\n`;
  let rest = "";
  for (const piece of pieces) {
    rest += piece;
    if (!piece.includes("\n")) {
      // Of a long line only its beginning is shown; what is cut need not be kept.
      if (!rest.includes("\n")) rest = rest.slice(0, MOST_KEPT);
      continue;
    }
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield print(line.slice(0, MOST_KEPT));
  }
  if (rest.trim() !== "") yield print(rest.slice(0, MOST_KEPT));
}

/** Characters of a line: no terminal is as wide. */
const MOST_KEPT = 4096;
