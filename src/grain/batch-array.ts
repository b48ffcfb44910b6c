// In Python a batch of numbers is a NumPy array, one leaf; here it is a JavaScript array, which would be a list of
// leaves. So batches are remembered.

const batches = new WeakSet<readonly unknown[]>();

/** Whether an array is a batch that this package made, hence one leaf, and no list. Copies of it are lists. */
export function isBatch(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && batches.has(value);
}

/** Makes an array of scalars, or of batches of one shape, count as one leaf. Gives the array. */
export function rememberBatch<T>(array: T[]): T[] {
  batches.add(array);
  return array;
}

/** Sizes of a batch along its axes, and its first scalar. */
export function batchShape(batch: readonly unknown[]): { readonly shape: number[]; readonly item: unknown } {
  const shape: number[] = [];
  let item: unknown = batch;
  while (isBatch(item)) {
    shape.push(item.length);
    item = item[0];
  }
  return { shape, item };
}
