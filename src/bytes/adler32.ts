/** The largest prime below 2^16 (RFC 1950 section 8.2). */
const MODULUS = 65521;
/** After as many bytes both sums still fit into 32 bits, so that the remainder can wait until then. */
const ROUND = 5552;

/** Adler-32 of `bytes`, unsigned, as zlib has it (RFC 1950 section 8.2). */
export function adler32(bytes: Uint8Array): number {
  let sum = 1;
  let sumOfSums = 0;
  for (let start = 0; start < bytes.length; start += ROUND) {
    const end = Math.min(start + ROUND, bytes.length);
    for (let offset = start; offset < end; offset++) {
      sum += bytes[offset] ?? 0;
      sumOfSums += sum;
    }
    sum %= MODULUS;
    sumOfSums %= MODULUS;
  }
  return sumOfSums * 65536 + sum;
}
