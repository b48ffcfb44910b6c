import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Files } from "./hand-item.js";

/**
 * Writes a damaged checkpoint into a new folder below `scratch`.
 *
 * @returns The path that is opened.
 */
export async function damagedFolder(
  scratch: string,
  { files, path = "." }: { readonly files: Files; readonly path?: string },
): Promise<string> {
  const folder = await mkdtemp(join(scratch, "checkpoint-"));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, dirname(name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return join(folder, path);
}
