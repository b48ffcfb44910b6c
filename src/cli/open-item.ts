import { isPartialSaveName, pathOf } from "../checkpoint/commit/committed.js";
import { openCheckpoint } from "../checkpoint/open-checkpoint.js";
import type { ItemKind } from "../checkpoint/recognise/layout.js";
import type { TreePlace } from "../checkpoint/tree/open-tree.js";
import { isOrbaxError, OrbaxError } from "../errors.js";
import { openStorage } from "../storage/open.js";
import type { Arguments } from "./args.js";
import { startsWithPath } from "./failure.js";
import { givenLimits } from "./limit-option.js";
import { type CliLimits, ITEM_LIMITS } from "./limits.js";
import { localPath, openingPath } from "./open-path.js";

/** Where a chosen item lies, and what `--limit` says. */
type ItemPlace = {
  readonly place: TreePlace;
  /** Path of its directory or file. */
  readonly path: string;
  readonly limits: Partial<CliLimits>;
};

/** Kinds of items that are no trees. */
export type PlainKind = Exclude<ItemKind, "pytree">;

/** An item that is no tree. */
export type PlainItem = ItemPlace & { readonly kind: PlainKind };

/** An item that was chosen, not read yet. */
export type OpenedItem = PlainItem | (ItemPlace & { readonly kind: "pytree" });

/**
 * The item that a path, `--step` and `--item` choose.
 *
 * @param salvages Whether a partial save may be opened that was never finalized.
 * @throws {OrbaxError} as `openCheckpoint`.
 */
export async function openItem(
  args: Arguments,
  { salvages = false }: { readonly salvages?: boolean } = {},
): Promise<OpenedItem> {
  const limits = givenLimits(args.texts("limit"));
  const path = localPath(args.path).replace(/(?<=.)\/+$/, "");
  if (salvages && isPartialSaveName(path)) {
    return { kind: "pytree", place: { storage: await openStorage(path) }, path, limits };
  }
  const options = {
    step: args.number("step"),
    item: args.text("item"),
    limits: { ...ITEM_LIMITS, ...limits },
  };
  const checkpoint = await openingPath(path, async () => openCheckpoint(path, options));
  const { kind = "files", storage, fileName: file, handler } = await checkpoint.item();
  const directory = storage.name ?? path;
  return {
    kind,
    place: { storage, file, handler },
    path: file === undefined ? directory : pathOf(storage, file),
    limits,
  };
}

/**
 * What `action` gives. Its errors get the path of the item, which tells the step and the item that nobody typed: they
 * name files as they lie in it.
 */
export async function readingItem<T>({ path, place }: OpenedItem, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!isOrbaxError(error) || startsWithPath(error.message, path)) throw error;
    const { code, message, details } = error;
    const named = place.file === undefined ? "" : `${place.file}: `; // the path ends with it
    const what = message.startsWith(named) ? message.slice(named.length) : message;
    throw new OrbaxError(code, `${path}: ${what}`, details, { cause: error });
  }
}
