/** Node hands lengths to zlib as 32 bits and would decode the rest of a division by 2^32. */
export const MAX_INPUT_BYTES = 2 ** 32 - 1;
/** Output buffers of 2^32 bytes and more fail in the same way. */
const MAX_CHUNK_BYTES = 2 ** 31;
const MIN_CHUNK_BYTES = 64; // Node's own
/** Steps in which an output of unknown length grows. */
const GROWTH_BYTES = 2 ** 20;

/** The `chunkSize` for content of at most `capacity` bytes: one piece if it ought to be just as long. */
export function chunkSizeFor(capacity: number, exact: boolean): number {
  return Math.max(MIN_CHUNK_BYTES, Math.min(capacity, exact ? MAX_CHUNK_BYTES : GROWTH_BYTES));
}

/** The code of an error that Node's zlib threw. */
export function zlibErrorCode(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

/** Node's results may lie anywhere in a pool or in a far larger chunk: those are copied. */
export function standalone(result: Uint8Array): Uint8Array {
  const own = result.buffer.byteLength === result.byteLength;
  return own ? new Uint8Array(result.buffer) : new Uint8Array(result);
}
