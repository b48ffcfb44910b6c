const BLOCK_BYTES = 64;
const INITIAL = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0] as const;
const CONSTANTS = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6] as const;

/**
 * The SHA-1 of `bytes` (FIPS 180-4) as 40 hexadecimal digits. Synchronous, which the platforms' own is not, and there on
 * pages without TLS, too; for names, not for secrets.
 */
export function sha1Hex(bytes: Uint8Array): string {
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / BLOCK_BYTES) * BLOCK_BYTES);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(bytes.length) * 8n);
  const state = Int32Array.from(INITIAL);
  const words = new Int32Array(80);
  for (let offset = 0; offset < padded.length; offset += BLOCK_BYTES) update(state, words, view, offset);
  return [...state].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

function update(state: Int32Array, words: Int32Array, block: DataView, offset: number): void {
  for (let t = 0; t < 16; t++) words[t] = block.getInt32(offset + t * 4);
  for (let t = 16; t < 80; t++) {
    const mixed = (words[t - 3] ?? 0) ^ (words[t - 8] ?? 0) ^ (words[t - 14] ?? 0) ^ (words[t - 16] ?? 0);
    words[t] = rotateLeft(mixed, 1);
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0] = state;
  for (let t = 0; t < 80; t++) {
    const round = Math.floor(t / 20);
    const next =
      (rotateLeft(a, 5) + choose(round, b, c, d) + e + (CONSTANTS[round] ?? 0) + (words[t] ?? 0)) | 0;
    e = d;
    d = c;
    c = rotateLeft(b, 30);
    b = a;
    a = next;
  }
  for (const [index, word] of [a, b, c, d, e].entries()) state[index] = (state[index] ?? 0) + word;
}

function choose(round: number, b: number, c: number, d: number): number {
  if (round === 0) return (b & c) | (~b & d);
  return round === 2 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
}

function rotateLeft(word: number, count: number): number {
  return (word << count) | (word >>> (32 - count));
}
