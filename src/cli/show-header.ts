import { escapeText } from "./escape-text.js";
import { formatBytes, formatCount, formatPlural, formatShare } from "./format-number.js";
import type { Style } from "./style.js";
import { cutStart, joinWithin } from "./table.js";
import type { Totals } from "./totals.js";

/** What stands above a tree. */
export type ShowHeader = {
  /** Of the leaves that are shown. */
  readonly totals: Totals;
  /** Of the whole tree, where only a part is shown. */
  readonly whole: Totals | undefined;
  /** Bytes of all files. */
  readonly stored: number;
  readonly optimizerBytes: number;
  /** Path of the item. */
  readonly place: string;
};

/** Lines about a whole tree: what it amounts to, the shares of dtypes and of an optimizer, where it lies. */
export function headerLines(
  header: ShowHeader,
  { columns, style }: { readonly columns: number; readonly style: Style },
): string[] {
  return [
    ...joinWithin(totalsTexts(header), columns).map(style.bold),
    ...joinWithin(shareTexts(header), columns),
    style.dim(placeText(header.place, columns)),
  ];
}

/** A path on one line; its end tells more than its beginning. */
export function placeText(place: string, columns: number): string {
  return cutStart(escapeText(place), columns);
}

function totalsTexts({ totals, whole, stored }: ShowHeader): string[] {
  const noun = (whole ?? totals).parameters === 1 ? "parameter" : "parameters";
  return [
    `${ofAll(totals.parameters, whole?.parameters, formatCount)} ${noun} in ${formatPlural(totals.arrays, "array")}`,
    `${ofAll(totals.bytes, whole?.bytes, formatBytes)} in memory`,
    `${formatBytes(stored)} on disk`,
  ];
}

function shareTexts({ totals, optimizerBytes }: ShowHeader): string[] {
  const { bytes, bytesOf } = totals;
  const share = (name: string, part: number) => `${name} ${formatBytes(part)} (${formatShare(part, bytes)})`;
  const dtypes = Array.from(bytesOf).sort((a, b) => b[1] - a[1]);
  const small = dtypes.filter(([, part]) => part < SMALL_SHARE * bytes);
  const large = small.length > 1 ? dtypes.slice(0, -small.length) : dtypes;
  const texts = large.map(([dtype, part]) => share(dtype, part));
  if (small.length > 1) {
    for (const [dtype] of small.slice(0, -1)) texts.push(dtype);
    texts.push(`${small.at(-1)?.[0]} (each <1 %)`);
  }
  if (optimizerBytes > 0) texts.push(share("optimizer", optimizerBytes));
  return texts;
}

/** Steps, keys and counters, which nobody asks about. */
const SMALL_SHARE = 0.01;

function ofAll(part: number, all: number | undefined, format: (value: number) => string): string {
  return all === undefined ? format(part) : `${format(part)} of ${format(all)}`;
}
