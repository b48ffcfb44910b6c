/** The next elements of an iterator, `count` of them or as many as there are. */
export function take<T>(iterator: Iterator<T, undefined>, count: number): T[] {
  return takeToEnd(iterator, count).next;
}

/** {@link take}, and whether there were fewer. */
export function takeToEnd<T>(iterator: Iterator<T, undefined>, count: number): { next: T[]; ends: boolean } {
  const next: T[] = [];
  while (next.length < count) {
    const { done, value } = iterator.next();
    if (done === true) return { next, ends: true };
    next.push(value);
  }
  return { next, ends: false };
}

/** All elements, waited for one after another. */
export async function collect<T>(elements: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const element of elements) collected.push(element);
  return collected;
}
