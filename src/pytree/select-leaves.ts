import { compileSelector, formatKeyPath, type KeyPath, type KeyPathSelector } from "./key-path.js";

/**
 * The leaves that any of some selectors selects, each once, in the order of `leaves`.
 *
 * @param nothing The error for a selector that selects none, given its text.
 * @throws What `nothing` makes.
 */
export function selectLeaves<T extends { readonly path: KeyPath }>(
  leaves: readonly T[],
  selectors: readonly KeyPathSelector[],
  nothing: (selector: string) => Error,
): readonly T[] {
  const selected = new Set<T>();
  for (const selector of selectors) {
    const found = leavesAt(leaves, selector);
    if (found.length === 0) throw nothing(selectorText(selector));
    for (const leaf of found) selected.add(leaf);
  }
  return leaves.filter((leaf) => selected.has(leaf));
}

/** The leaves that one selector selects. */
export function leavesAt<T extends { readonly path: KeyPath }>(
  leaves: readonly T[],
  selector: KeyPathSelector,
): T[] {
  const selects = compileSelector(selector);
  return leaves.filter(({ path }) => selects(path));
}

/** How to call a selector in messages. */
export function selectorText(selector: KeyPathSelector): string {
  return typeof selector === "string" ? selector : formatKeyPath(selector);
}
