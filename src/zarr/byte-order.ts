import { bytesOf } from "./dtype.js";

/** Whether typed arrays of this platform are little-endian, as nearly all are. */
const LITTLE_ENDIAN_PLATFORM: boolean = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Whether words that are stored in some order are as this platform has them. */
export function isNativeOrder(byteOrder: "little" | "big", wordBytes: number): boolean {
  return wordBytes === 1 || (byteOrder === "little") === LITTLE_ENDIAN_PLATFORM;
}

/** Reverses the bytes of every word of 1, 2, 4 or 8 bytes, in place. The length must be a multiple of it. */
export function swapWords(bytes: Uint8Array, wordBytes: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (wordBytes === 2) {
    for (let at = 0; at < bytes.length; at += 2) view.setUint16(at, view.getUint16(at, false), true);
  } else if (wordBytes === 4) {
    for (let at = 0; at < bytes.length; at += 4) view.setUint32(at, view.getUint32(at, false), true);
  } else if (wordBytes === 8) {
    for (let at = 0; at < bytes.length; at += 8) {
      const high = view.getUint32(at, false);
      view.setUint32(at, view.getUint32(at + 4, false), true);
      view.setUint32(at + 4, high, true);
    }
  } else if (wordBytes !== 1) {
    throw new Error(`swapWords: no words of ${wordBytes} bytes`);
  }
}

/** A typed array's elements as little-endian bytes: its own memory, on big-endian platforms a copy. */
export function littleEndianBytes(data: ArrayBufferView, wordBytes: number): Uint8Array {
  const bytes = bytesOf(data);
  if (isNativeOrder("little", wordBytes)) return bytes;
  const swapped = bytes.slice();
  swapWords(swapped, wordBytes);
  return swapped;
}

/**
 * Little-endian words as the platform has them: the same bytes, on big-endian platforms swapped, in place unless
 * they are `shared` with others.
 */
export function nativeBytes(bytes: Uint8Array, wordBytes: number, shared: boolean): Uint8Array {
  if (isNativeOrder("little", wordBytes)) return bytes;
  const native = shared ? bytes.slice() : bytes;
  swapWords(native, wordBytes);
  return native;
}
