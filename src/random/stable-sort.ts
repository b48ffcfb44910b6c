const FEW = 48; // up to here an insertion sort beats the counting below
const DIGIT_BITS = 11;
const DIGITS = 2 ** DIGIT_BITS;

/**
 * Moves `values` into the ascending order of their keys, equal keys in the order in which they stand: XLA's stable
 * sort of pairs. The keys come out in any order.
 *
 * @param keys Words, as many as there are values.
 */
export function sortByKeys(keys: Uint32Array, values: Int32Array): void {
  if (keys.length <= FEW) insertionSort(keys, values);
  else radixSort(keys, values);
}

function insertionSort(keys: Uint32Array, values: Int32Array): void {
  for (let index = 1; index < keys.length; index++) {
    const key = keys[index] ?? 0;
    const value = values[index] ?? 0;
    let place = index;
    for (; place > 0 && (keys[place - 1] ?? 0) > key; place--) {
      keys[place] = keys[place - 1] ?? 0;
      values[place] = values[place - 1] ?? 0;
    }
    keys[place] = key;
    values[place] = value;
  }
}

type Pairs = { readonly keys: Uint32Array; readonly values: Int32Array };

/** Three passes over digits of 11 bits, lowest first, each of which keeps the order of equal digits. */
function radixSort(keys: Uint32Array, values: Int32Array): void {
  let from: Pairs = { keys, values };
  let to: Pairs = { keys: new Uint32Array(keys.length), values: new Int32Array(values.length) };
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    distribute(from.keys, from.values, to.keys, to.values, shift);
    [from, to] = [to, from];
  }
  values.set(from.values);
}

function distribute(
  keys: Uint32Array,
  values: Int32Array,
  sortedKeys: Uint32Array,
  sortedValues: Int32Array,
  shift: number,
): void {
  const places = new Uint32Array(DIGITS + 1);
  for (let index = 0; index < keys.length; index++) {
    const next = (((keys[index] ?? 0) >>> shift) & (DIGITS - 1)) + 1;
    places[next] = (places[next] ?? 0) + 1;
  }
  for (let digit = 1; digit < DIGITS; digit++) {
    places[digit] = (places[digit] ?? 0) + (places[digit - 1] ?? 0);
  }
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] ?? 0;
    const digit = (key >>> shift) & (DIGITS - 1);
    const place = places[digit] ?? 0;
    places[digit] = place + 1;
    sortedKeys[place] = key;
    sortedValues[place] = values[index] ?? 0;
  }
}
