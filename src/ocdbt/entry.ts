import type { StorageKey } from "../storage/storage.js";
import { resolveDataFile } from "./data-file-key.js";
import { INLINE_FILE_ID, type LeafNode } from "./format/btree.js";
import { type Locations, locationAt } from "./format/location.js";

/** Where a value lies: in the leaf itself, or in a range of a data file. */
export type OcdbtValue =
  | { readonly kind: "inline"; readonly bytes: Uint8Array }
  | { readonly kind: "range"; readonly file: StorageKey; readonly offset: number; readonly length: number };

/** One key of a database with its value's place. */
export type OcdbtEntry = { readonly key: Uint8Array; readonly value: OcdbtValue };

/** Bytes of a value, wherever it lies. */
export function valueLength(value: OcdbtValue): number {
  return value.kind === "inline" ? value.bytes.length : value.length;
}

const EMPTY: OcdbtValue = { kind: "inline", bytes: new Uint8Array(0) };

/**
 * The values of entries `start` to `end`. Inline ones are copied, all together: whoever keeps one holds no leaf. An
 * empty one needs no file, but a path that it could be in (docs/spec/ocdbt.md section 8).
 *
 * @throws {OrbaxError} `DATA_LOSS` if a data file has a path that must not be opened.
 */
export function copyValues(
  transitiveBase: Uint8Array,
  { values, inline, files }: LeafNode,
  start: number,
  end: number,
): OcdbtValue[] {
  const copied = inlineRange(values, start, end);
  const bytes = inline.slice(copied.start, copied.end);
  const paths = new Map<number, StorageKey>(); // a million values may lie in one file
  const found: OcdbtValue[] = [];
  for (let index = start; index < end; index++) {
    const { fileId, offset, length } = locationAt(values, index);
    if (fileId === INLINE_FILE_ID) {
      const at = offset - copied.start;
      found.push({ kind: "inline", bytes: bytes.subarray(at, at + length) });
    } else {
      const file = paths.get(fileId) ?? resolveDataFile(transitiveBase, files, fileId).key;
      paths.set(fileId, file);
      found.push(length === 0 ? EMPTY : { kind: "range", file, offset, length });
    }
  }
  return found;
}

/** Where the inline values of entries `start` to `end` lie among those of the leaf. */
function inlineRange({ fileIds, offsets, lengths }: Locations, start: number, end: number) {
  let first = start;
  let last = end - 1;
  while (first < end && fileIds[first] !== INLINE_FILE_ID) first++;
  while (last > first && fileIds[last] !== INLINE_FILE_ID) last--;
  if (first === end) return { start: 0, end: 0 };
  return { start: offsets[first] ?? 0, end: (offsets[last] ?? 0) + (lengths[last] ?? 0) };
}
