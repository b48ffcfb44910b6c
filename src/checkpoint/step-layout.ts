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
