import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** Absolute path of the repository. */
export const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Text of every TypeScript module below `folder`, by its path from the repository with `/`.
 *
 * @throws {Error} when there is none: a check that reads nothing must not pass.
 */
export function readSources(folder: string): ReadonlyMap<string, string> {
  const sources = new Map<string, string>();
  for (const entry of readdirSync(join(REPOSITORY, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".ts")) continue;
    const file = join(entry.parentPath, entry.name);
    sources.set(relative(REPOSITORY, file).split(sep).join("/"), readFileSync(file, "utf8"));
  }
  if (sources.size === 0) throw new Error(`${folder}: no TypeScript file found`);
  return sources;
}
