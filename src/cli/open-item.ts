import { openCheckpoint } from "../checkpoint/checkpoint.js";
import { isPartialSaveName, pathOf } from "../checkpoint/committed.js";
import type { ItemKind } from "../checkpoint/layout.js";
import type { TreePlace } from "../checkpoint/open-tree.js";
import { openStorage } from "../storage/open.js";
import type { Arguments } from "./args.js";
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
