import type { OrbaxError } from "../../errors.js";
import type { StepName } from "./step-name.js";

/**
 * What an item is: a tree of arrays in any format, files of another handler of Orbax's or Grain's, or of a user's own
 * (docs/spec/orbax-layout.md section 18, orbax-layout-extra.md section 8).
 */
export type ItemKind = "pytree" | "json" | "proto-text" | "grain" | "files";

/** A checkpoint: one item by itself, or a step with items in directories of their own. */
export type StepLayout =
  | {
      readonly kind: "item";
      readonly item: ItemKind;
      /** Name of the one file that is the item (Flax, safetensors), in the directory that holds it. */
      readonly file?: string | undefined;
    }
  | {
      readonly kind: "items";
      readonly items: ReadonlyMap<string, ItemKind>;
      /** Items whose deletion has begun; they are not in `items` (docs/spec/orbax-layout-extra.md section 5). */
      readonly deleting: readonly string[];
    };

/** A step in a directory of steps. */
export type StepEntry = StepName & {
  /** Where it really lies: `name`, or the old version that stands for it during an overwrite. */
  readonly storedName: string;
  readonly layout: StepLayout;
  /** Why it cannot be opened, where that is known already; its layout is what the files show. */
  readonly damage?: OrbaxError | undefined;
};

/** What a directory is (docs/spec/orbax-layout.md section 2). */
export type Layout =
  | StepLayout
  | { readonly kind: "steps"; readonly steps: readonly StepEntry[]; readonly unfinished: readonly string[] };

/** Name of the one file that is the checkpoint; `undefined` for a directory. */
export function layoutFile(layout: StepLayout): string | undefined {
  return layout.kind === "item" ? layout.file : undefined;
}

/** The layout of a step with items, without the one whose deletion has begun. */
export function itemsLayout(items: ReadonlyMap<string, ItemKind>, deleting?: string): StepLayout {
  if (deleting === undefined) return { kind: "items", items, deleting: [] };
  const kept = new Map(items);
  kept.delete(deleting);
  return { kind: "items", items: kept, deleting: [deleting] };
}
