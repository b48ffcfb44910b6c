/**
 * C++'s `std::seed_seq{seed}.generate` of `count` 32-bit words (docs/spec/datarax.md section 5.1), from which
 * Grain's index shuffle takes its round keys.
 *
 * @param seed One word of entropy, 0 to 2^32−1.
 * @param count Number of words, 1 or more.
 */
export function generateSeedWords(seed: number, count: number): Uint32Array {
  const words = new Uint32Array(count).fill(0x8b8b8b8b);
  const lag = lagOf(count);
  const p = Math.floor((count - lag) / 2);
  const q = p + lag;
  const mixings = Math.max(2, count); // one word of entropy and its length make two

  // Places k, k+p, k+q and k−1 modulo the count; a Uint32Array keeps what is stored modulo 2^32.
  let place = 0;
  let before = count - 1;
  for (let k = 0; k < mixings + count; k++) {
    const afterP = place + p < count ? place + p : place + p - count;
    const afterQ = place + q < count ? place + q : place + q - count;
    const [here = 0, atP = 0, last = 0] = [words[place], words[afterP], words[before]];
    if (k < mixings) {
      const first = Math.imul(1664525, tempered(here ^ atP ^ last));
      const entropy = k === 0 ? 1 : k === 1 ? place + seed : place;
      const second = first + entropy;
      words[afterP] = atP + first;
      words[afterQ] = (words[afterQ] ?? 0) + second;
      words[place] = second;
    } else {
      const third = Math.imul(1566083941, tempered(here + atP + last));
      const fourth = third - place;
      words[afterP] = atP ^ third;
      words[afterQ] = (words[afterQ] ?? 0) ^ fourth;
      words[place] = fourth;
    }
    before = place;
    place = place + 1 < count ? place + 1 : 0;
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
