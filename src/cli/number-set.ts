/** As many pieces are written out; of more, the first ones and the last. */
const MOST_PIECES = 6;
/** Fewer numbers are all named. */
const LEAST_SERIES = 3;

/**
 * A set of numbers in short: `0…11`, `0,1`, `0…4,7`, `1,3,…,23`.
 *
 * @param texts Ascending, each as it is written in its key: `007` stays so.
 */
export function formatNumberSet(texts: readonly string[]): string {
  const pieces = seriesOf(texts).flatMap(seriesText);
  if (pieces.length <= MOST_PIECES) return pieces.join(",");
  return [...pieces.slice(0, MOST_PIECES - 2), "…", ...pieces.slice(-1)].join(",");
}

/** Whether ascending numbers follow each other without a gap. */
export function isRun(texts: readonly string[]): boolean {
  return texts.every((text, index) => Number(text) === Number(texts[0]) + index);
}

/** Cuts the numbers into stretches of equal distances, each as long as it can be. */
function seriesOf(texts: readonly string[]): string[][] {
  const all: string[][] = [];
  for (const text of texts) {
    const series = all.at(-1);
    if (series !== undefined && continues(series, Number(text))) series.push(text);
    else all.push([text]);
  }
  return all;
}

/** Two numbers may be far apart only if a third one can follow; one apart they are no series yet. */
function continues(series: readonly string[], number: number): boolean {
  const last = Number(series.at(-1));
  return series.length < 2 || number - last === last - Number(series.at(-2));
}

function seriesText(series: readonly string[]): string[] {
  const [first = "", second = ""] = series;
  const last = series.at(-1) ?? "";
  if (series.length < LEAST_SERIES) return [...series];
  const isRun = Number(second) - Number(first) === 1;
  if (isRun) return [`${first}…${last}`];
  return series.length === LEAST_SERIES ? [...series] : [`${first},${second},…,${last}`];
}
