/**
 * A JAX random key of the threefry2x32 generator: its two words, 0 to 2^32−1, as `jax.random.key_data` gives them.
 * Any pair of words is a key; `[...]` of the key data of a checkpoint is one.
 */
export type RandomKey = readonly [number, number];

const PARITY = 0x1bd11bda; // Skein's constant, which makes the third word of the key

/**
 * Threefry-2x32 with 20 rounds (docs/spec/datarax.md section 5.2): encrypts a counter of two words.
 *
 * @param x0 Any integer below 2^53 in size: it counts modulo 2^32, as all four arguments do.
 * @returns Two words, 0 to 2^32−1, which may serve as a key.
 */
export function threefry2x32(key0: number, key1: number, x0: number, x1: number): RandomKey {
  const key2 = key0 ^ key1 ^ PARITY;
  let a = (x0 + key0) | 0;
  let b = (x1 + key1) | 0;
  for (let group = 0; group < 5; group++) {
    const isEven = group % 2 === 0;
    a = (a + b) | 0;
    b = rotated(b, isEven ? 13 : 17) ^ a;
    a = (a + b) | 0;
    b = rotated(b, isEven ? 15 : 29) ^ a;
    a = (a + b) | 0;
    b = rotated(b, isEven ? 26 : 16) ^ a;
    a = (a + b) | 0;
    b = rotated(b, isEven ? 6 : 24) ^ a;
    a = (a + keyWord(group + 1)) | 0;
    b = (b + keyWord(group + 2) + group + 1) | 0;
  }
  return [a >>> 0, b >>> 0];

  function keyWord(index: number): number {
    const place = index % 3;
    return place === 0 ? key0 : place === 1 ? key1 : key2;
  }
}

function rotated(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/**
 * The random word at one place of JAX's stream of bits: `jax.random.bits(key, (n,))[index]` for any n beyond it.
 *
 * @param index 0 to 2^53−1, in row-major order.
 */
export function randomWord(key: RandomKey, index: number): number {
  const [a, b] = threefry2x32(key[0], key[1], Math.floor(index / 2 ** 32), index % 2 ** 32);
  return (a ^ b) >>> 0;
}

/**
 * Fills `words` with {@link randomWord} 0, 1, 2 …; the rounds are written out, since a million words take tens of
 * milliseconds.
 */
export function fillRandomWords(key: RandomKey, words: Uint32Array): void {
  const key0 = key[0] | 0;
  const key1 = key[1] | 0;
  const key2 = key0 ^ key1 ^ PARITY;
  // The words of the key with the number of their group added.
  const last1 = (key2 + 1) | 0;
  const last2 = (key0 + 2) | 0;
  const last3 = (key1 + 3) | 0;
  const last4 = (key2 + 4) | 0;
  const last5 = (key0 + 5) | 0;
  for (let index = 0; index < words.length; index++) {
    let b = (index + key1) | 0;
    let a = (key0 + b) | 0; // the counter's high word is 0: no array is that long
    b = ((b << 13) | (b >>> 19)) ^ a;
    a = (a + b) | 0;
    b = ((b << 15) | (b >>> 17)) ^ a;
    a = (a + b) | 0;
    b = ((b << 26) | (b >>> 6)) ^ a;
    a = (a + b) | 0;
    b = ((b << 6) | (b >>> 26)) ^ a;
    a = (a + key1) | 0;
    b = (b + last1) | 0;

    a = (a + b) | 0;
    b = ((b << 17) | (b >>> 15)) ^ a;
    a = (a + b) | 0;
    b = ((b << 29) | (b >>> 3)) ^ a;
    a = (a + b) | 0;
    b = ((b << 16) | (b >>> 16)) ^ a;
    a = (a + b) | 0;
    b = ((b << 24) | (b >>> 8)) ^ a;
    a = (a + key2) | 0;
    b = (b + last2) | 0;

    a = (a + b) | 0;
    b = ((b << 13) | (b >>> 19)) ^ a;
    a = (a + b) | 0;
    b = ((b << 15) | (b >>> 17)) ^ a;
    a = (a + b) | 0;
    b = ((b << 26) | (b >>> 6)) ^ a;
    a = (a + b) | 0;
    b = ((b << 6) | (b >>> 26)) ^ a;
    a = (a + key0) | 0;
    b = (b + last3) | 0;

    a = (a + b) | 0;
    b = ((b << 17) | (b >>> 15)) ^ a;
    a = (a + b) | 0;
    b = ((b << 29) | (b >>> 3)) ^ a;
    a = (a + b) | 0;
    b = ((b << 16) | (b >>> 16)) ^ a;
    a = (a + b) | 0;
    b = ((b << 24) | (b >>> 8)) ^ a;
    a = (a + key1) | 0;
    b = (b + last4) | 0;

    a = (a + b) | 0;
    b = ((b << 13) | (b >>> 19)) ^ a;
    a = (a + b) | 0;
    b = ((b << 15) | (b >>> 17)) ^ a;
    a = (a + b) | 0;
    b = ((b << 26) | (b >>> 6)) ^ a;
    a = (a + b) | 0;
    b = ((b << 6) | (b >>> 26)) ^ a;
    words[index] = (a + key2) ^ (b + last5);
  }
}
