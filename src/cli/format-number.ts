const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** A number of bytes in three digits or so, by thousands: `12 B`, `1.6 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 999.5 && unit < UNITS.length - 1; unit++) value /= 1000;
  const digits = unit > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0);
  return `${digits} ${UNITS[unit]}`;
}

/** An integer with commas between thousands: `1,234,567`. */
export function formatCount(count: number): string {
  return count.toFixed(0).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}

/** A count with its noun: `1 array`, `2 arrays`. */
export function formatPlural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}
