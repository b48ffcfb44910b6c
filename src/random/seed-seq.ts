/**
 * C++'s `std::seed_seq{seed}.generate` of `count` 32-bit words (docs/spec/datarax.md section 5.1), from which
 * Grain's index shuffle takes its round keys.
 *
 * @param seed One word of entropy, 0 to 2^32−1.
 * @param count Number of words, 1 or more.
 */
export function generateSeedWords(seed: number, count: number): Uint32Array {
  const words = new Uint32Array(count).fill(0x8b8b8b8b);
  const at = (index: number) => words[(index + count) % count] ?? 0;
  const store = (index: number, value: number) => {
    words[(index + count) % count] = value; // a Uint32Array keeps the value modulo 2^32
  };
  const lag = lagOf(count);
  const p = Math.floor((count - lag) / 2);
  const q = p + lag;
  const mixings = Math.max(2, count); // one word of entropy and its length make two

  for (let k = 0; k < mixings; k++) {
    const first = Math.imul(1664525, tempered(at(k) ^ at(k + p) ^ at(k - 1)));
    const entropy = k === 0 ? 1 : k === 1 ? (k % count) + seed : k % count;
    const second = first + entropy;
    store(k + p, at(k + p) + first);
    store(k + q, at(k + q) + second);
    store(k, second);
  }
  for (let k = mixings; k < mixings + count; k++) {
    const third = Math.imul(1566083941, tempered(at(k) + at(k + p) + at(k - 1)));
    const fourth = third - (k % count);
    store(k + p, at(k + p) ^ third);
    store(k + q, at(k + q) ^ fourth);
    store(k, fourth);
  }
  return words;
}

/** The standard's `t`: how far apart the two words lie that each step changes. */
function lagOf(count: number): number {
  if (count >= 623) return 11;
  if (count >= 68) return 7;
  if (count >= 39) return 5;
  return count >= 7 ? 3 : Math.floor((count - 1) / 2);
}

function tempered(word: number): number {
  return word ^ (word >>> 27);
}
