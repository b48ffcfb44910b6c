/** msgpack objects written out by hand: each function gives the bytes of one. Short ones only. */

type Bytes = readonly number[];

const encoder = new TextEncoder();

/** Text of up to 31 bytes. */
export function str(text: string): Bytes {
  const bytes = [...encoder.encode(text)];
  return [0xa0 + bytes.length, ...bytes];
}

/** Up to 255 bytes. */
export function bin(...bytes: number[]): Bytes {
  return [0xc4, bytes.length, ...bytes];
}

/** Up to 15 items. */
export function array(...items: Bytes[]): Bytes {
  return [0x90 + items.length, ...items.flat()];
}

/** Up to 15 pairs. */
export function map(...pairs: (readonly [key: Bytes, value: Bytes])[]): Bytes {
  return [0x80 + pairs.length, ...pairs.flat(2)];
}

/** An extension of up to 255 bytes. */
export function ext(code: number, body: Bytes): Bytes {
  return [0xc7, body.length, code & 0xff, ...body];
}

/** Flax's ext 1: an array of up to 15 dimensions, each below 128. */
export function ndarray(shape: Bytes, dtype: string, data: Bytes): Bytes {
  return ext(1, array(array(...shape.map((size) => [size])), str(dtype), bin(...data)));
}

export const NIL: Bytes = [0xc0];
export const TRUE: Bytes = [0xc3];
