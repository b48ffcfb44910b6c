/** Where a walk through a tree stands: the keys from the root, linked so that a step down costs nothing. */
export type TreePath = {
  readonly parent: TreePath | undefined;
  readonly key: string;
  /** Number of keys from the root. */
  readonly depth: number;
};

/** The path of a child; `undefined` is the root. */
export function childPath(parent: TreePath | undefined, key: string): TreePath {
  return { parent, key, depth: (parent?.depth ?? 0) + 1 };
}

/** The keys from the root. */
export function keysOf(path: TreePath | undefined): string[] {
  const keys: string[] = [];
  for (let step = path; step !== undefined; step = step.parent) keys.push(step.key);
  return keys.reverse();
}

/** The keys joined by `/`, for messages. */
export function pathText(path: TreePath | undefined): string {
  return keysOf(path).join("/");
}
