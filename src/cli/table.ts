/** How a column's cells stand in it. */
export type Alignment = "left" | "right";

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}]|[\u{20000}-\u{3fffd}]/u;

/** Columns of a terminal that escaped text takes: East Asian characters and emoji take two, marks none. */
export function textWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    if (!/\p{Mn}|\u200d|[\ufe00-\ufe0f]/u.test(character)) width += wide.test(character) ? 2 : 1;
  }
  return width;
}

/** Fills text up to a width. Longer text stays as it is. */
export function padText(text: string, width: number, alignment: Alignment = "left"): string {
  const fill = " ".repeat(Math.max(0, width - textWidth(text)));
  return alignment === "left" ? text + fill : fill + text;
}

/** Cuts text to a width, with `…` at the end where something is left out. */
export function cutText(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = "";
  let room = width - 1;
  for (const character of text) {
    room -= textWidth(character);
    if (room < 0) break;
    kept += character;
  }
  return width < 1 ? "" : `${kept}…`;
}

/** Cuts text to a width as {@link cutText}, but at its start. */
export function cutStart(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  const reversed = cutText(Array.from(text).reverse().join(""), width);
  return Array.from(reversed).reverse().join("");
}

/** Joins texts with commas, on as many lines as it takes. */
export function joinWithin(texts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const [index, text] of texts.entries()) {
    const piece = index + 1 < texts.length ? `${text}, ` : text;
    if (line !== "" && textWidth(line + piece.trimEnd()) > width) {
      lines.push(line.trimEnd());
      line = "";
    }
    line += piece;
  }
  return line === "" ? lines : [...lines, line];
}

/** Lines of a table; columns are two spaces apart, and the last one is not filled up. */
export function formatTable(
  rows: readonly (readonly string[])[],
  alignments: readonly Alignment[],
): string[] {
  const widths = alignments.map((_, column) =>
    rows.reduce((most, row) => Math.max(most, textWidth(row[column] ?? "")), 0),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => padText(cell, widths[column] ?? 0, alignments[column]))
      .join("  ")
      .trimEnd(),
  );
}
