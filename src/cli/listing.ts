import type { Layout, StepLayout } from "../checkpoint/recognise/layout.js";
import { escapeText } from "./escape-text.js";
import { formatBytes, formatPlural } from "./format-number.js";
import type { Style } from "./style.js";
import { formatTable, joinWithin, textWidth } from "./table.js";

/** A step, or the one checkpoint of a path, with what people want to know of it. */
export type ListedStep = {
  readonly step: number | null;
  /** Name of its directory, `.` for the path itself. */
  readonly name: string;
  readonly layout: StepLayout;
  readonly saved: Date | undefined;
  readonly bytes: number;
  /** Why it cannot be opened, where that is known. */
  readonly damage?: Error | undefined;
};

/** What `ls --json` prints, field by field. */
export function listingJson(layout: Layout): unknown {
  if (layout.kind !== "steps") {
    return { kind: "checkpoint", steps: [{ step: null, dir: ".", ...contentJson(layout) }] };
  }
  const steps = layout.steps.map(({ step, name, layout: content }) => ({
    step,
    dir: name,
    ...contentJson(content),
  }));
  const { unfinished } = layout;
  return { kind: "steps", steps, ...(unfinished.length > 0 ? { unfinished } : {}) };
}

function contentJson(layout: StepLayout) {
  if (layout.kind === "item") return { kind: layout.item };
  const { items, deleting } = layout;
  return { items: objectOf(items), ...(deleting.length > 0 ? { deleting } : {}) };
}

/** A directory can be called `__proto__`. */
function objectOf(entries: ReadonlyMap<string, string>): unknown {
  const object: { [name: string]: string } = Object.create(null);
  for (const [name, kind] of entries) object[name] = kind;
  return object;
}

/** How wide the listing for people may be, and how it looks. */
export type ListingOptions = { readonly columns: number; readonly style: Style };

/** The listing for people. Ends with a line break. */
export function formatListing(
  path: string,
  layout: Layout,
  steps: readonly ListedStep[],
  { columns, style }: ListingOptions,
): string {
  const what = layout.kind === "steps" ? formatPlural(steps.length, "step") : whatIs(layout);
  const lines = [`${style.bold(escapeText(path))}: ${what}`];
  if (steps.length > 0) {
    const [heading = "", ...rows] = tableOf(steps, layout.kind === "steps", columns);
    lines.push("", style.dim(heading), ...rows);
  }
  const unfinished = layout.kind === "steps" ? layout.unfinished : [];
  if (unfinished.length > 0) lines.push("");
  for (const name of unfinished) lines.push(style.warning(`unfinished: ${escapeText(name)}`));
  return `${lines.join("\n")}\n`;
}

function whatIs(layout: StepLayout): string {
  if (layout.kind === "item") return `one checkpoint, ${layout.item}`;
  return `one checkpoint of ${formatPlural(layout.items.size, "item")}`;
}

/** A heading, and a line or more a step; names only where the steps are those of a directory. */
function tableOf(steps: readonly ListedStep[], named: boolean, columns: number): string[] {
  const cells = steps.map(({ step, name, saved, bytes }) => [
    ...(named ? [step === null ? "-" : String(step), escapeText(name)] : []),
    saved === undefined ? "?" : formatTime(saved),
    formatBytes(bytes),
  ]);
  const heading = [...(named ? ["STEP", "DIRECTORY"] : []), "SAVED", "SIZE"];
  const [first = "", ...rest] = formatTable(
    [heading, ...cells],
    [...(named ? (["right", "left"] as const) : []), "left", "right"],
  );
  const rows = rest.flatMap((row, index) => {
    const step = steps[index];
    return step === undefined ? [] : withContent(row, contentTexts(step), columns);
  });
  return [`${first}  WHAT`, ...rows];
}

/** Puts what a step holds behind its row, on as many lines as it takes. */
function withContent(row: string, texts: readonly string[], columns: number): string[] {
  const indent = textWidth(row) + 2;
  const lines = joinWithin(texts, columns - indent);
  return lines.map((text, index) => (index === 0 ? `${row}  ` : " ".repeat(indent)) + text);
}

function contentTexts({ layout, damage }: ListedStep): string[] {
  const texts = damage === undefined ? itemTexts(layout) : [...itemTexts(layout), "damaged"];
  return texts.length > 0 ? texts : ["no items"];
}

function itemTexts(layout: StepLayout): string[] {
  if (layout.kind === "item") return [layout.item];
  return [
    ...Array.from(layout.items, ([name, kind]) => `${escapeText(name)} ${kind}`),
    ...layout.deleting.map((name) => `${escapeText(name)} being deleted`),
  ];
}

/** Local time, to the minute. */
function formatTime(date: Date): string {
  if (Number.isNaN(date.getTime())) return "?";
  const day = [date.getFullYear(), twoDigits(date.getMonth() + 1), twoDigits(date.getDate())].join("-");
  return `${day} ${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
