import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { CheckpointManager, isOrbaxError, openCheckpoint, save } from "../../src/index.js";
import { flattenTree, type PathAndLeaf } from "../../src/pytree/flatten.js";
import type { Tree } from "../../src/pytree/value.js";
import { runCli } from "../cli/run-cli.js";

// Ways to one and the same tree: each must lead to what the plain ones give.

/** What a listing of `ls --json` says, as far as choosing needs it. */
export type Listing = {
  readonly kind: string;
  readonly steps: readonly { readonly step: number | null; readonly dir: string; readonly items?: Items }[];
};

type Items = { readonly [name: string]: string };

/** A line for each way in which leaving out `--step` and `--item` does not choose as it is documented. */
export async function choosingBadly(path: string, { kind, steps }: Listing): Promise<string[]> {
  const last = steps.at(-1);
  if (last === undefined) return [];
  const item = last.items === undefined ? undefined : defaultItem(last.items);
  const step = kind === "steps" ? [`--step=${last.step}`] : [];
  const chosen = await runCli(["dump", path, "--json"]);
  if (last.items !== undefined && item === undefined) {
    return chosen.code === 2 ? [] : ["dump without an item: expected to be asked which"];
  }
  const named = await runCli([
    "dump",
    path,
    "--json",
    ...step,
    ...(item === undefined ? [] : ["--item", item]),
  ]);
  if (chosen.code !== named.code)
    return [`dump without options: exit ${chosen.code} ${chosen.err} is not ${named.code}`];
  const alone = await runCli([
    "dump",
    join(path, last.dir),
    "--json",
    ...(item === undefined ? [] : ["--item", item]),
  ]);
  const ofItem = item === undefined ? alone : await runCli(["dump", join(path, last.dir, item), "--json"]);
  return [
    ...(ofItem.out === named.out ? [] : [`dump of the item's directory: another tree: ${ofItem.err}`]),
    ...(chosen.out === named.out ? [] : ["dump without options: another tree than that of the last step"]),
    ...(alone.out === named.out ? [] : [`dump of the step's directory: another tree: ${alone.err}`]),
  ];
}

/** The only item, else the first of Orbax's own names, else the only tree. */
function defaultItem(items: Items): string | undefined {
  const names = Object.keys(items);
  if (names.length === 1) return names[0];
  const trees = names.filter((name) => items[name] === "pytree");
  const usual = ["default", "state", "pytree"].find((name) => names.includes(name));
  return usual ?? (trees.length === 1 ? trees[0] : undefined);
}

/** The leaves of one item of a step, as a manager restores them. */
export async function restoredByManager(
  path: string,
  step: number,
  item: string,
): Promise<readonly PathAndLeaf[]> {
  const restored = await new CheckpointManager(path).restore(step, { items: [item], exact: true });
  const tree: unknown =
    typeof restored === "object" && restored !== null ? Reflect.get(restored, item) : undefined;
  return flattenTree(tree);
}

/**
 * The leaves of a tree, read over a store that can do no more than give files and parts of them; `undefined` where such
 * a store is refused.
 */
export async function loadedUnlisted(
  path: string,
  item: string | undefined,
): Promise<readonly PathAndLeaf[] | undefined> {
  const store = {
    get: async (key: string) => fileAt(join(path, key)),
    getRange: async (key: string, range: { offset: number; length: number } | { suffixLength: number }) => {
      const bytes = await fileAt(join(path, key));
      if (bytes === undefined) return undefined;
      if ("suffixLength" in range) return bytes.subarray(Math.max(0, bytes.length - range.suffixLength));
      return bytes.subarray(range.offset, range.offset + range.length);
    },
  };
  try {
    const checkpoint = await openCheckpoint(store, item === undefined ? {} : { item });
    return flattenTree(await checkpoint.load({ exact: true }));
  } catch (error) {
    if (isOrbaxError(error, "UNSUPPORTED")) return undefined; // numbered manifests can only be listed
    throw error;
  }
}

async function fileAt(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch {
    return undefined; // nothing there, or a directory
  }
}

/** Saves a tree at `path` and loads it again; `undefined` where it is refused, as saving refuses some names. */
export async function savedAgain(path: string, tree: Tree): Promise<readonly PathAndLeaf[] | undefined> {
  try {
    await save(path, tree, { overwrite: true });
  } catch (error) {
    if (isOrbaxError(error, "INVALID_ARGUMENT")) return undefined;
    throw error;
  }
  return flattenTree(await (await openCheckpoint(path)).load({ exact: true }));
}

/**
 * A line for each way in which a tree that lost its top database is not put together from those of the processes.
 *
 * @param directory A tree with a database; it is damaged.
 * @param dump What `dump` printed of it before.
 */
export async function salvagedBadly(
  directory: string,
  dump: string,
  lost: "d" | "manifest.ocdbt",
): Promise<string[]> {
  const processes = (await readdir(directory)).filter((name) => name.startsWith("ocdbt.process_"));
  if (processes.length === 0) return [];
  await rm(join(directory, lost), { recursive: true });
  const refused = await runCli(["dump", directory, "--json"]);
  const salvaged = await runCli(["dump", directory, "--json", "--salvage"]);
  // Without `d/` all is still there if the top database is one node in its manifest.
  // Before 0.10, chunks of zeros may not have been stored: then nobody knows what is lost.
  const metadata = await readFile(join(directory, "_METADATA"), "utf8");
  const mayLack = !metadata.includes('"store_array_data_equal_to_fill_value": true');
  if (mayLack && salvaged.code === 2 && salvaged.err.includes("missing")) return [];
  const isWhole = refused.code === 0 && refused.out === dump;
  const isTold = refused.code === 2 && refused.err.includes("--salvage");
  return [
    ...(isWhole || isTold ? [] : [`dump without ${lost}: exit ${refused.code} ${refused.err}`]),
    ...(salvaged.out === dump
      ? []
      : [`salvage without ${lost}: exit ${salvaged.code} ${salvaged.err} ${salvaged.out}`]),
  ];
}
