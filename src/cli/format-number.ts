const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];
const COUNT_UNITS = ["", "k", "M", "B", "T"];

/** A number of bytes in three digits or so, by thousands: `12 B`, `1.6 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 999.5 && unit < BYTE_UNITS.length - 1; unit++) value /= 1000;
  const digits = unit > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0);
  return `${digits} ${BYTE_UNITS[unit]}`;
}

/** An integer with commas between thousands: `1,234,567`. */
export function formatCount(count: number): string {
  return count.toFixed(0).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}

/** An integer in three digits, as models are spoken of: `124M`, `7.08M`, `1.3B`. */
export function formatShortCount(count: number): string {
  let value = count;
  let unit = 0;
  for (; value >= 999.5 && unit < COUNT_UNITS.length - 1; unit++) value /= 1000;
  return unit === 0 ? String(count) : `${Number(value.toPrecision(3))}${COUNT_UNITS[unit]}`;
}

/** A part of a whole in percent: `67 %`; `<1 %` and `>99 %` where rounding would say none or all. */
export function formatShare(part: number, whole: number): string {
  const percent = whole > 0 ? (100 * part) / whole : 0;
  const rounded = Math.round(percent);
  if (rounded === 0 && percent > 0) return "<1 %";
  return rounded === 100 && percent < 100 ? ">99 %" : `${rounded} %`;
}

/** A count with its noun: `1 array`, `2 arrays`. */
export function formatPlural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}
