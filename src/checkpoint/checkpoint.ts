import type { JsonValue } from "../bytes/json.js";
import { decodeUtf8 } from "../bytes/utf8.js";
import { inFile, invalidArgument, notFound, OrbaxError, unsupported } from "../errors.js";
import type { Limits } from "../limits.js";
import type { KeyPathSelector } from "../pytree/key-path.js";
import type { Tree } from "../pytree/value.js";
import { Shared } from "../storage/shared.js";
import type { ReadableStorage, StorageOptions } from "../storage/storage.js";
import { within } from "../storage/within.js";
import type { LazyArray } from "../zarr/lazy.js";
import { pathOf } from "./commit/committed.js";
import { readFilesItem, readItemFile } from "./items/files-item.js";
import { readGrainItem } from "./items/grain-item.js";
import { readJsonItem } from "./items/json-item.js";
import { readProtoItem } from "./items/proto-item.js";
import { USUAL_ITEMS } from "./metadata/item-files.js";
import type { StepMetadata } from "./metadata/step-metadata.js";
import { type ItemKind, layoutFile, type StepLayout } from "./recognise/layout.js";
import { describeLeaves, type LeafInfo } from "./tree/leaf-info.js";
import { openTree } from "./tree/open-tree.js";
import type { OpenTreeOptions } from "./tree/orbax-tree.js";
import type { PytreeItem } from "./tree/pytree-item.js";

/** Options of {@link Checkpoint.load}. */
export type LoadOptions = StorageOptions & {
  /**
   * Only leaves at this key path or below; a string is a glob over keys joined by `/`. A list with key paths in it
   * selects what any of its members does.
   */
  readonly only?: KeyPathSelector | readonly KeyPathSelector[] | undefined;
  /** Keeps every leaf's exact type: `Scalar`, `NdArray` of rank 0, `Tuple`, sharding. Default: plain values. */
  readonly exact?: boolean | undefined;
  /** Called after each array, numbers included, with how many are there and how many there will be. */
  readonly onProgress?: ((done: number, all: number) => void) | undefined;
};

/**
 * One checkpoint, open for reading. Made by `openCheckpoint`.
 *
 * @example
 * const checkpoint = await openCheckpoint("runs/7", { step: 20 });
 * const { params } = await checkpoint.load({ only: "params/**" });
 * const rows = await zarr.get(await checkpoint.array("params/w"), [zarr.slice(0, 2), null]);
 */
export class Checkpoint {
  /** Where its files lie: its directory, or the one that holds its {@link fileName}. */
  readonly storage: ReadableStorage;
  /** Name of the one file that it is (Flax, safetensors), `undefined` for a directory. */
  readonly fileName: string | undefined;
  /** Number of the step, `null` for Datarax's unversioned `checkpoint`, `undefined` where no step was chosen. */
  readonly step: number | null | undefined;
  /** Whether it is one item by itself or a step with items. */
  readonly layout: StepLayout["kind"];
  /** What it is, if it is one item by itself. */
  readonly kind: ItemKind | undefined;
  /** What each item is, by name; empty for one item by itself. */
  readonly items: ReadonlyMap<string, ItemKind>;
  /** Items whose deletion was begun and has not ended; they are not among `items` and cannot be read. */
  readonly deleting: readonly string[];
  /** Class path of the handler that wrote it, if it is one item by itself and that is known. */
  readonly handler: string | undefined;
  /** What `_CHECKPOINT_METADATA` says: times, handlers, custom metadata. */
  readonly metadata: StepMetadata;
  readonly #limits: Limits;
  readonly #onSalvage: OpenTreeOptions["onSalvage"];
  readonly #tree = new Shared((options) => this.#openTree(options));

  /** @internal Use `openCheckpoint`. */
  constructor(parts: {
    readonly storage: ReadableStorage;
    readonly layout: StepLayout;
    readonly step: number | null | undefined;
    readonly metadata: StepMetadata;
    readonly handler?: string | undefined;
    readonly limits: Limits;
    readonly onSalvage?: OpenTreeOptions["onSalvage"];
  }) {
    const { layout, metadata } = parts;
    this.storage = parts.storage;
    this.step = parts.step;
    this.layout = layout.kind;
    this.kind = layout.kind === "item" ? layout.item : undefined;
    this.fileName = layoutFile(layout);
    this.items = layout.kind === "items" ? layout.items : new Map();
    this.deleting = layout.kind === "items" ? layout.deleting : [];
    const alone = layout.kind === "item" && typeof metadata.itemHandlers === "string";
    this.handler = parts.handler ?? (alone ? metadata.itemHandlers : undefined);
    this.metadata = metadata;
    this.#limits = parts.limits;
    this.#onSalvage = parts.onSalvage;
  }

  /**
   * One item of a step, as a checkpoint of its own.
   *
   * @param name Default: the only item, else the first of `default`, `state`, `pytree`, else the only tree.
   * @throws {OrbaxError} `NOT_FOUND` with the names that there are · `CONFLICT` for one whose deletion has begun.
   */
  async item(name?: string): Promise<Checkpoint> {
    if (this.layout === "item") {
      if (name === undefined) return this;
      const message = `${this.#place}: one item by itself, so there is no item ${JSON.stringify(name)}`;
      throw notFound(message, { file: this.#place });
    }
    if (name !== undefined && this.deleting.includes(name)) throw deletionBegun(this.#place, name);
    const chosen = name ?? this.#defaultItem();
    const kind = chosen === undefined ? undefined : this.items.get(chosen);
    if (chosen === undefined || kind === undefined) {
      const names = [...this.items.keys()].join(", ") || "none";
      const wanted = name === undefined ? "choose an item" : `no item ${JSON.stringify(name)}`;
      throw notFound(`${this.#place}: ${wanted}; items: ${names}`, { file: this.#place });
    }
    return new Checkpoint({
      storage: within(this.storage, `/${chosen}`),
      layout: { kind: "item", item: kind },
      step: this.step,
      metadata: this.metadata,
      handler: handlerOf(this.metadata, chosen),
      limits: this.#limits,
      onSalvage: this.#onSalvage,
    });
  }

  #defaultItem(): string | undefined {
    const names = [...this.items.keys()];
    if (names.length === 1) return names[0];
    const trees = names.filter((name) => this.items.get(name) === "pytree");
    return USUAL_ITEMS.find((name) => this.items.has(name)) ?? (trees.length === 1 ? trees[0] : undefined);
  }

  get #place(): string {
    const { storage, fileName } = this;
    return fileName === undefined ? (storage.name ?? "the checkpoint") : pathOf(storage, fileName);
  }

  /**
   * @internal The tree of this item, or of the default item.
   *
   * @throws {OrbaxError} as {@link item} · `UNSUPPORTED` if the item is no tree.
   */
  async tree(options?: StorageOptions): Promise<PytreeItem> {
    return this.#tree.get(options);
  }

  async #openTree(options?: StorageOptions): Promise<PytreeItem> {
    const item = await this.item();
    if (item.kind !== "pytree") throw item.#refusal("no tree");
    const { storage, fileName, handler } = item;
    const salvaging = { onSalvage: this.#onSalvage, limits: this.#limits };
    return openTree({ storage, file: fileName, handler }, { ...salvaging, ...options });
  }

  #refusal(what: string) {
    return unsupported(`${this.#place}: an item of kind ${this.kind}, ${what}`, { file: this.#place });
  }

  /**
   * All leaves by metadata alone, in the file's order: in a database without a read beyond its nodes, in a file
   * layout with one read an array; where there are `jax.Array`s, two files more.
   *
   * @throws {OrbaxError} `DATA_LOSS` if metadata is damaged or an array is missing.
   */
  async leaves(options?: StorageOptions): Promise<readonly LeafInfo[]> {
    return describeLeaves(await this.tree(options), options);
  }

  /**
   * The array at a key path as a zarrita array: `zarr.get(array, [zarr.slice(0, 2), null])` reads only the chunks that
   * it needs. float16 and bfloat16 show as float32, or as their bits with `raw`; complex has one more axis of 2.
   *
   * @param path Key path, or a glob that selects one leaf.
   * @throws {OrbaxError} `NOT_FOUND` if there is no array at that path · `INVALID_ARGUMENT` if a glob selects several.
   */
  async array(
    path: KeyPathSelector,
    options?: StorageOptions & { readonly raw?: boolean },
  ): Promise<LazyArray> {
    const tree = await this.tree(options);
    return tree.array(path, options);
  }

  /**
   * The user's own data beside the tree: in `_METADATA`, where `PyTreeSave(custom_metadata=…)` puts it, or in the
   * headers of safetensors files; `null` if there is none.
   */
  async itemMetadata(options?: StorageOptions): Promise<JsonValue> {
    return (await this.tree(options)).customMetadata;
  }

  /**
   * Reads the values of a tree: dicts (objects without prototype), lists and leaves. With `only` it has the selected
   * leaves alone; a list of which elements are left out is then a dict by index. Of a JSON item it reads the value:
   * integers exact, `NaN` and the infinities numbers.
   *
   * @throws {OrbaxError} `NOT_FOUND` if `only` selects nothing · `DATA_LOSS` for damage, with the leaf's key path
   * where one is concerned · `INVALID_ARGUMENT` for `only` of a JSON item · `UNSUPPORTED` for an item of other files,
   * which {@link text}, {@link files} and {@link file} read.
   */
  async load({ exact = false, only, onProgress, signal }: LoadOptions = {}): Promise<Tree> {
    const item = await this.item();
    if (item.kind === "pytree") {
      const tree = await this.tree({ signal });
      return tree.loadTree({ exact, only, onProgress, signal });
    }
    if (item.kind !== "json") throw item.#refusal("no tree and no JSON; text and files read it");
    if (only !== undefined) {
      const file = item.#place;
      throw invalidArgument(`${file}: an item of kind json is read whole, without only`, { file });
    }
    return readJsonItem(item.storage, { limits: this.#limits, signal });
  }

  /**
   * The text of an item: of a protobuf item, of one process of a Grain iterator, or of a file of a user's own handler.
   *
   * @param name Path of the file in it. Default: the only one that there is.
   * @throws {OrbaxError} `DATA_LOSS` if it is no UTF-8 · `NOT_FOUND` if there is no such file · `INVALID_ARGUMENT` if
   * one must be chosen · `UNSUPPORTED` for a tree.
   */
  async text(name?: string, options?: StorageOptions): Promise<string> {
    const item = await this.item();
    const reading = { limits: this.#limits, ...options };
    if (item.kind === "pytree") throw item.#refusal("which has no text; load reads it");
    if (item.kind === "proto-text" && name === undefined) return readProtoItem(item.storage, reading);
    const names = name === undefined ? await item.#textNames(reading) : [name];
    const [chosen, ...others] = names;
    if (chosen !== undefined && others.length === 0) {
      return decodeText(await readItemFile(item.storage, chosen, reading), chosen);
    }
    const file = item.#place;
    throw invalidArgument(`${file}: choose a file; there are ${names.join(", ") || "none"}`, { file });
  }

  async #textNames(options: StorageOptions & { readonly limits: Limits }): Promise<readonly string[]> {
    const texts =
      this.kind === "grain" ? readGrainItem(this.storage, options) : readFilesItem(this.storage, options);
    return [...(await texts).keys()];
  }

  /**
   * The files of an item that is no tree, with their sizes in bytes, by their paths in it, sorted; without those that
   * Orbax adds.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for a link that leads out of the item · `UNSUPPORTED` for a tree, and for
   * a store that cannot list.
   */
  async files(options?: StorageOptions): Promise<ReadonlyMap<string, number>> {
    const item = await this.item();
    if (item.kind === "pytree") throw item.#refusal("whose files are no content; load reads it");
    return readFilesItem(item.storage, { limits: this.#limits, ...options });
  }

  /**
   * The bytes of one file of an item that is no tree, by its path in it.
   *
   * @throws {OrbaxError} `NOT_FOUND` if there is none · `INVALID_ARGUMENT` for a path that leads out of the item ·
   * `UNSUPPORTED` for a tree.
   */
  async file(path: string, options?: StorageOptions): Promise<Uint8Array> {
    const item = await this.item();
    if (item.kind === "pytree") throw item.#refusal("whose files are no content; load reads it");
    return readItemFile(item.storage, path, { limits: this.#limits, ...options });
  }
}

function handlerOf({ itemHandlers }: StepMetadata, item: string): string | undefined {
  return typeof itemHandlers === "object" ? itemHandlers[item] : undefined;
}

function decodeText(bytes: Uint8Array, file: string): string {
  try {
    return decodeUtf8(bytes, "text");
  } catch (error) {
    throw inFile(error, file);
  }
}

/** Orbax's v1 interface refuses it, too; what is left of it may be anything. */
function deletionBegun(place: string, item: string): OrbaxError {
  const message = `${place}: item ${JSON.stringify(item)}: its deletion was begun and has not ended`;
  return new OrbaxError("CONFLICT", message, {
    file: place,
    key: item,
    pythonType: "DeletionInProgressError",
  });
}
