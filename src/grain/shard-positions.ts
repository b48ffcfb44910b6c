import { invalidArgument, OrbaxError } from "../errors.js";
import { evenSplit } from "./shard-options.js";

// Counts of elements that the shards of a stream have given, and what they are for another number of shards.

/** How the elements of an epoch are dealt out. */
export type Dealing =
  /** Shard i of n has the elements i, i + n, … of one global order. */
  | { readonly kind: "strided"; readonly length: number }
  /** Every shard has an order of its own, over `sizes[i]` elements. */
  | { readonly kind: "own order"; readonly sizes: readonly number[] };

/** What errors call the parts. */
export type Part = "shard" | "worker";

/** A place between two elements of the global order: whole epochs, and elements of the next one. */
export type GlobalPosition = { readonly epochs: number; readonly elements: number };

/** How many of the first `total` elements of a strided order shard `index` of `count` has. */
export function shareOf(total: number, index: number, count: number): number {
  return total === Number.POSITIVE_INFINITY ? total : Math.max(0, Math.ceil((total - index) / count));
}

/** Elements a shard for `count` runs of neighbours. */
export function runLengths(length: number, count: number, dropRemainder: boolean): number[] {
  return Array.from({ length: count }, (_, shardIndex) => {
    const [start, end] = evenSplit(length, { shardIndex, shardCount: count, dropRemainder });
    return end - start;
  });
}

/**
 * Where all shards together stand: exactly the elements before that place were given.
 *
 * @param counts Elements that each shard has given, of all epochs.
 * @throws {OrbaxError} `CONFLICT` if there is no such place, because some shards are ahead of others; `UNSUPPORTED` if
 * shards with orders of their own are within an epoch.
 */
export function globalPosition(
  counts: readonly number[],
  dealing: Dealing,
  part: Part = "shard",
): GlobalPosition {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (!Number.isSafeInteger(total)) throw tooFar(total);
  return dealing.kind === "strided"
    ? stridedPosition(counts, total, dealing.length, part)
    : { epochs: completeEpochs(counts, dealing.sizes), elements: 0 };
}

function stridedPosition(
  counts: readonly number[],
  total: number,
  length: number,
  part: Part,
): GlobalPosition {
  const elements = length === Number.POSITIVE_INFINITY || total === 0 ? total : total % length;
  const epochs = length === Number.POSITIVE_INFINITY || total === 0 ? 0 : (total - elements) / length;
  const position = { epochs, elements };
  for (const [index, count] of counts.entries()) {
    const expected = stridedCount(position, length, index, counts.length);
    if (count !== expected) throw apart(`${part} ${index}`, count, expected);
  }
  return position;
}

function completeEpochs(counts: readonly number[], sizes: readonly number[]): number {
  let epochs: number | undefined;
  for (const [index, count] of counts.entries()) {
    const size = sizes[index] ?? 0;
    if (size === 0 && count === 0) continue;
    const complete = count / size;
    if (!Number.isInteger(complete)) throw withinEpoch(index, count, size);
    epochs ??= complete;
    if (complete !== epochs) throw apart(`shard ${index}`, count, epochs * size);
  }
  return epochs ?? 0;
}

/**
 * Elements that shard `index` of `count` has given when all together stand at a place.
 *
 * @throws {OrbaxError} `UNSUPPORTED` within an epoch, if shards have orders of their own.
 */
export function shardCountAt(
  position: GlobalPosition,
  dealing: Dealing,
  index: number,
  count: number,
): number {
  if (dealing.kind === "strided") return stridedCount(position, dealing.length, index, count);
  const size = dealing.sizes[index] ?? 0;
  if (position.elements !== 0) throw withinEpoch(index, position.elements, size);
  return position.epochs * size;
}

function stridedCount(
  { epochs, elements }: GlobalPosition,
  length: number,
  index: number,
  count: number,
): number {
  const ofEpochs = epochs === 0 ? 0 : epochs * shareOf(length, index, count);
  return ofEpochs + shareOf(elements, index, count);
}

function apart(part: string, count: number, expected: number): OrbaxError {
  return new OrbaxError(
    "CONFLICT",
    `${part} has given ${count} elements, expected ${expected}: the parts do not stand at one place of the common ` +
      "order, so that no other layout can go on without losing or repeating elements",
    { field: part, found: count, expected: String(expected) },
  );
}

function withinEpoch(index: number, count: number, size: number): OrbaxError {
  return new OrbaxError(
    "UNSUPPORTED",
    `shard ${index} stands at element ${count}, epochs have ${size} there: each shard shuffles elements of its own, ` +
      "so that layouts can change between epochs only",
    { field: `shard ${index}`, found: count, expected: `a multiple of ${size}` },
  );
}

function tooFar(total: number): OrbaxError {
  return invalidArgument(`${total} elements together, expected at most 2^53-1`, { found: total });
}
