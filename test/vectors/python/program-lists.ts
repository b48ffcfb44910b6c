const lists = new WeakSet<object>();

/** Remembers a list that a program made: batches of this project, which are lists as well, are arrays in Python. */
export function markProgramList(list: unknown[]): unknown[] {
  lists.add(list);
  return list;
}

/** Whether a list was made by a program. */
export function isProgramList(list: object): boolean {
  return lists.has(list);
}
