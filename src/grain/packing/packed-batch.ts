import { invalidArgument, limitExceeded } from "../../errors.js";
import { compareCodePoints } from "../../pytree/key-path.js";
import { type Tuple, tuple } from "../../pytree/value.js";
import type { PackingStrategy } from "./bins.js";
import { type ElementType, elementTypeOf, type Feature, readFeature } from "./feature.js";
import { checkSize, FeatureBuffer, type PackedRow } from "./feature-buffer.js";
import type { PackConfig } from "./pack-options.js";
import { leavesUpTo, requiredFeature, type Skeleton } from "./struct-tree.js";

/** A packed feature; those of a meta feature may lie in containers. */
export type PackedTree = PackedRow | Tuple | readonly PackedTree[] | { readonly [key: string]: PackedTree };

/** What a bin has of one feature. A meta feature that is not packed: the list of what its elements had. */
export type PackedValue = PackedTree | readonly unknown[];

/** A bin: its features, and `<feature>_segment_ids` and `<feature>_positions` of those that are no meta features. */
export type PackedElement = { readonly [feature: string]: PackedValue };

/** Bins that were filled. */
export type PackedBins = {
  /** Those with elements in them. */
  readonly count: number;
  /** What bin `bin` has of a feature; `undefined` for a feature that is not there. */
  readonly feature: (name: string, bin: number) => PackedValue | undefined;
  /** A bin with all its features, in the order of their names. */
  readonly bin: (bin: number) => PackedElement;
};

type FeatureBins = {
  readonly path: string;
  readonly capacity: number;
  readonly alignment: number | undefined;
  readonly values: FeatureBuffer;
  readonly segmentIds: FeatureBuffer;
  readonly positions: FeatureBuffer;
  readonly firstFree: number[];
};

/** Bins that are being filled: Grain's `PackedBatch`. */
export class PackedBatch {
  readonly #config: PackConfig;
  readonly #strategy: PackingStrategy;
  readonly #features: readonly FeatureBins[];
  readonly #sequences: number[];
  /** Of each listed meta feature, what the elements in each bin had. */
  readonly #listed: readonly { readonly name: string; readonly bins: readonly unknown[][] }[];

  /**
   * Empty bins.
   *
   * @param element One like those to come: dtypes and inner axes are taken from it.
   * @throws {OrbaxError} `INVALID_ARGUMENT` for an element without a feature, or sizes that are none.
   */
  constructor(element: unknown, config: PackConfig, strategy: PackingStrategy) {
    this.#config = config;
    this.#strategy = strategy;
    const { skeleton, packed, alignments, numPackingBins } = config;
    const leaves = readLeaves(skeleton, element);
    this.#features = packed.map(({ path, capacity, padding }, index) => {
      const feature = leaves[index];
      if (feature === undefined) throw new Error(`packing: no leaf ${path}`);
      const values = FeatureBuffer.like(feature, numPackingBins, capacity);
      if (padding !== undefined) values.fill(padding);
      const type: ElementType = elementTypeOf(feature) === "numbers" ? "numbers" : "int32";
      return {
        path,
        capacity,
        alignment: alignments[index],
        values,
        segmentIds: new FeatureBuffer(type, numPackingBins, capacity),
        positions: new FeatureBuffer(type, numPackingBins, capacity),
        firstFree: emptyBins(numPackingBins, () => 0),
      };
    });
    this.#sequences = emptyBins(numPackingBins, () => 0);
    this.#listed = config.listedFeatures.map((name) => ({
      name,
      bins: emptyBins<unknown[]>(numPackingBins, () => []),
    }));
  }

  /**
   * Puts an element into a bin; false if none has room for it.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` for an element that is longer than a bin or of another structure or shape,
   * with Grain's and NumPy's texts.
   */
  add(element: unknown): boolean {
    const leaves = readLeaves(this.#config.skeleton, element);
    this.#checkLengths(leaves);
    const bins = {
      count: this.#config.numPackingBins,
      capacities: this.#features.map(({ capacity }) => capacity),
      firstFree: this.#features.map(({ firstFree }) => firstFree),
      sequences: this.#sequences,
      mostSequences: this.#config.mostSequences,
    };
    const bin = this.#strategy.findBin(
      bins,
      leaves.map(({ length }) => length),
    );
    if (bin === undefined) return false;
    this.#put(element, leaves, bin);
    return true;
  }

  #checkLengths(leaves: readonly Feature[]): void {
    const tooLong = this.#features.flatMap(({ path, capacity }, index) => {
      const length = leaves[index]?.length ?? 0;
      return length > capacity ? [`(${path}, ${length}, ${capacity})`] : [];
    });
    if (tooLong.length === 0) return;
    throw invalidArgument(
      `Inputs to ${this.#strategy.packer} must be truncated to max length. Exceeds: (feature_path, feature_length, ` +
        `max_length) = [${tooLong.join(", ")}]`,
      { pythonType: "ValueError" },
    );
  }

  #put(element: unknown, leaves: readonly Feature[], bin: number): void {
    const segment = (this.#sequences[bin] ?? 0) + 1;
    for (const [index, target] of this.#features.entries()) {
      const feature = leaves[index];
      if (feature === undefined) throw new Error(`packing: no leaf ${target.path}`);
      const start = target.firstFree[bin] ?? 0;
      const end = alignedEnd(start + feature.length, target.alignment);
      target.values.write(bin, start, feature.length, feature);
      target.segmentIds.count(bin, start, feature.length, segment, 0);
      target.positions.count(bin, start, feature.length, 0, 1);
      target.firstFree[bin] = end;
    }
    this.#sequences[bin] = segment;
    for (const { name, bins } of this.#listed) bins[bin]?.push(requiredFeature(element, name));
  }

  /**
   * The bins as they are now.
   *
   * @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's text where there is nothing to give, or for a tree of features
   * that is no meta feature.
   */
  packedBins(): PackedBins {
    const columns = this.#columns();
    if (columns.size === 0)
      throw invalidArgument("max() arg is an empty sequence", { pythonType: "ValueError" });
    const names = [...columns.keys()].toSorted(compareCodePoints);
    return {
      count: this.#sequences.filter((sequences) => sequences > 0).length,
      feature: (name, bin) => columns.get(name)?.(bin),
      bin: (bin) => {
        const element: { [feature: string]: PackedValue } = Object.create(null);
        for (const name of names) element[name] = columns.get(name)?.(bin) ?? [];
        return element;
      },
    };
  }

  /** What each feature has in a bin. */
  #columns(): Map<string, (bin: number) => PackedValue> {
    const { skeleton, metaFeatures } = this.#config;
    const columns = new Map<string, (bin: number) => PackedValue>();
    const children = skeleton.kind === "dict" ? skeleton.entries : [];
    for (const [name, child] of children) {
      columns.set(name, (bin) => this.#tree(child, bin));
    }
    for (const { name, bins } of this.#listed) columns.set(name, (bin) => bins[bin] ?? []);
    for (const [name, child] of children) {
      if (metaFeatures.includes(name)) continue;
      if (child.kind !== "leaf") throw cannotExtract(name, child.kind);
      const feature = this.#features[child.index];
      if (feature === undefined) throw new Error(`packing: no feature ${name}`);
      columns.set(`${name}_segment_ids`, (bin) => feature.segmentIds.row(bin));
      columns.set(`${name}_positions`, (bin) => feature.positions.row(bin));
    }
    return columns;
  }

  #tree(skeleton: Skeleton, bin: number): PackedTree {
    if (skeleton.kind === "leaf") return this.#features[skeleton.index]?.values.row(bin) ?? [];
    if (skeleton.kind !== "dict") {
      const items = skeleton.items.map((child) => this.#tree(child, bin));
      return skeleton.kind === "tuple" ? tuple(items) : items;
    }
    const dict: { [key: string]: PackedTree } = Object.create(null);
    for (const [key, child] of skeleton.entries) dict[key] = this.#tree(child, bin);
    return dict;
  }
}

function readLeaves(skeleton: Skeleton, element: unknown): Feature[] {
  return leavesUpTo(skeleton, element).map((leaf) => readFeature(leaf, "int64"));
}

const MOST_BINS = 2 ** 24;

function emptyBins<T>(count: number, bin: () => T): T[] {
  if (checkSize(count) <= MOST_BINS) return Array.from({ length: count }, bin);
  throw limitExceeded("packing", {
    field: "numPackingBins",
    found: count,
    limit: `${MOST_BINS} bins`,
    pythonType: "MemoryError",
  });
}

function alignedEnd(end: number, alignment: number | undefined): number {
  if (alignment === undefined) throw invalidArgument("list index out of range", { pythonType: "IndexError" });
  if (alignment > 0) return Math.floor((end + alignment - 1) / alignment) * alignment;
  throw invalidArgument("integer division or modulo by zero", { pythonType: "ZeroDivisionError" });
}

function cannotExtract(name: string, type: string) {
  return invalidArgument(
    `Failed to extract segment ids for '${name}', which has type <class '${type}'> rather than np.ndarray. ` +
      "Perhaps it should be marked as a meta feature?",
    { key: name, pythonType: "ValueError" },
  );
}
