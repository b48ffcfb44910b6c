import { type ImportMap, importsOf, resolveImport } from "./imports.js";

/** One import outside the package, with the way that leads to it from an entry. */
export type OutsideImport = { readonly specifier: string; readonly path: readonly string[] };

/**
 * Imports of Node's modules and of npm packages that a browser build of `entry` contains: every module that
 * its JavaScript imports, statically or later, is followed under the `browser` condition of the import map.
 *
 * @param sources Text by path from the repository.
 * @throws {Error} when a module on the way is missing.
 */
export function browserImports(
  entry: string,
  sources: ReadonlyMap<string, string>,
  map: ImportMap,
): OutsideImport[] {
  const outside: OutsideImport[] = [];
  const seen = new Set([entry]);
  const queue: string[][] = [[entry]];
  for (const path of queue) {
    const from = path.at(-1) ?? entry;
    const text = sources.get(from);
    if (text === undefined) throw new Error(`${path.join(" > ")}: does not exist`);
    for (const { specifier, erased } of importsOf(from, text)) {
      if (erased) continue;
      const to = resolveImport(from, specifier, map, "browser");
      if (to === undefined) outside.push({ specifier, path });
      else if (!seen.has(to)) {
        seen.add(to);
        queue.push([...path, to]);
      }
    }
  }
  return outside;
}
