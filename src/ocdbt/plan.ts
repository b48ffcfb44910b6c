import type { StorageKey } from "../storage/storage.js";

/** Part of a data file that somebody wants. */
export type FileRange = { readonly file: StorageKey; readonly offset: number; readonly length: number };

/** One read that serves several wanted ranges; each starts at its own offset minus the read's. */
export type PlannedRead<R extends FileRange> = FileRange & { readonly ranges: readonly R[] };

/** How far ranges may lie apart to be read together, and how much one read may hold. */
export type ReadPlanOptions = { readonly gapBytes?: number; readonly readBytes?: number };

/** Reading 64 KiB in vain costs less than asking once more, on disks and over networks alike. */
const GAP_BYTES = 2 ** 16;
/** Bounds the memory of one read; a longer range stands alone. */
const READ_BYTES = 2 ** 26;

/**
 * Merges neighbouring ranges into few reads (docs/spec/ocdbt.md section 14). Plain data, no I/O: values of one
 * commit lie back to back, so a checkpoint needs about one read per 64 MiB of each data file.
 */
export function planReads<R extends FileRange>(
  ranges: readonly R[],
  { gapBytes = GAP_BYTES, readBytes = READ_BYTES }: ReadPlanOptions = {},
): PlannedRead<R>[] {
  const sorted = [...ranges].sort(byPlace);
  const reads: PlannedRead<R>[] = [];
  let open: { file: StorageKey; offset: number; end: number; ranges: R[] } | undefined;
  for (const range of sorted) {
    const end = range.offset + range.length;
    const joins =
      open !== undefined &&
      open.file === range.file &&
      range.offset - open.end <= gapBytes &&
      Math.max(open.end, end) - open.offset <= readBytes;
    if (open !== undefined && joins) {
      open.end = Math.max(open.end, end);
      open.ranges.push(range);
    } else {
      if (open !== undefined) reads.push(closeRead(open));
      open = { file: range.file, offset: range.offset, end, ranges: [range] };
    }
  }
  if (open !== undefined) reads.push(closeRead(open));
  return reads;
}

function closeRead<R extends FileRange>({
  file,
  offset,
  end,
  ranges,
}: {
  file: StorageKey;
  offset: number;
  end: number;
  ranges: R[];
}): PlannedRead<R> {
  return { file, offset, length: end - offset, ranges };
}

function byPlace(a: FileRange, b: FileRange): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.offset - b.offset || a.length - b.length;
}
