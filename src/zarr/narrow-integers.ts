import { type Dtype, dtypeRow } from "./dtype.js";

// int4 and int2 are stored a byte an element with the value in the low bits and the others 0, and held in memory with
// the others like the sign (docs/spec/orbax-layout.md section 9). Bytes of float4 stay as they are both ways, as in
// NumPy and TensorStore.

/** How many bits of a stored byte hold an integer of `dtype` with a sign, where not all do: 4 for int4, 2 for int2. */
export function narrowBits(dtype: Dtype): number | undefined {
  const { kind, storedBits } = dtypeRow(dtype);
  return kind === "int" ? storedBits : undefined;
}

/**
 * Turns stored bytes into elements, in place: the lowest `bits` bits of every byte are an integer in two's
 * complement. The others may be anything, as TensorStore ignores them.
 */
export function signExtend(bytes: Uint8Array, bits: number): void {
  const unused = 32 - bits;
  for (let index = 0; index < bytes.length; index++) bytes[index] = ((bytes[index] ?? 0) << unused) >> unused;
}

/** Turns elements into stored bytes, in place: all but the lowest `bits` bits of every byte become 0. */
export function maskBits(bytes: Uint8Array, bits: number): void {
  const mask = 2 ** bits - 1;
  for (let index = 0; index < bytes.length; index++) bytes[index] = (bytes[index] ?? 0) & mask;
}
