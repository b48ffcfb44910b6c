/** Runs of digits, and what is between them. */
const PIECE = /\d+|\D+/g;
/** Longer names are compared as plain text. */
const MOST_NAME = 200;

/**
 * Compares names as people count: `layer_2` before `layer_10`. Text compares by UTF-16 units, numbers of equal value by
 * their length.
 */
export function compareNaturally(a: string, b: string): number {
  if (a.length > MOST_NAME || b.length > MOST_NAME) return compare(a, b);
  const left = a.match(PIECE) ?? [];
  const right = b.match(PIECE) ?? [];
  for (const [index, piece] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const difference =
      isNumber(piece) && isNumber(other) ? compareDigits(piece, other) : compare(piece, other);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function isNumber(piece: string): boolean {
  return /^\d/.test(piece);
}

function compareDigits(a: string, b: string): number {
  const left = a.replace(/^0+/, "");
  const right = b.replace(/^0+/, "");
  return left.length - right.length || compare(left, right) || a.length - b.length;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
