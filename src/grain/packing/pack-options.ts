import { invalidArgument } from "../../errors.js";
import { isDict } from "../../pytree/container.js";
import { pythonTypeName } from "../../pytree/python-type-name.js";
import type { BareArray, Scalar } from "../../pytree/value.js";
import { integerArgument } from "../../random/integer-argument.js";
import type { NdArray } from "../../zarr/nd-array.js";
import { requireList } from "../structure-arguments.js";
import { type Feature, readPadding } from "./feature.js";
import { alignedLeaves, flattenStruct, type Skeleton, type Struct, type StructNode } from "./struct-tree.js";

/** What unused places hold. `null`: zero. */
export type Padding = number | bigint | boolean | null | Scalar | NdArray | BareArray;

/** Options of {@link FirstFitPackIterDataset} and {@link BestFitPackIterDataset}. */
export type PackOptions = {
  /** How many places a bin has for each feature. Features that are not here are left out, but meta features. */
  readonly lengthStruct: Struct<number>;
  /** Bins that are filled at a time. */
  readonly numPackingBins: number;
  /** Seed of the order of bins. Default: 0. */
  readonly seed?: number | bigint;
  /** Whether the bins of a batch come in random order. Default: true. */
  readonly shuffleBins?: boolean;
  /** Feature by whose average the bins of a batch are sorted, when they are shuffled. */
  readonly shuffleBinsGroupByFeature?: string | null;
  /**
   * Features without `_segment_ids` and `_positions`. Those that `lengthStruct` lacks are not packed: a bin has the list of
   * what its elements had. Default: none.
   */
  readonly metaFeatures?: readonly string[];
  /** Multiple at which an element's places begin, for each feature. Default: 1. */
  readonly packAlignmentStruct?: StructNode<number> | null;
  /** What unused places hold, for each feature. Default: zero. */
  readonly paddingStruct?: StructNode<Padding> | null;
  /** Most elements in a bin. Default: as many as fit. */
  readonly maxSequencesPerBin?: number | null;
};

/** {@link PackOptions} taken apart. */
export type PackConfig = {
  readonly skeleton: Skeleton;
  /** Of each packed feature: its place as JAX prints it, the places in a bin, and what unused ones hold. */
  readonly packed: readonly {
    readonly path: string;
    readonly capacity: number;
    readonly padding: Feature | undefined;
  }[];
  /** One for each packed feature, in their order; Grain does not look at the names. */
  readonly alignments: readonly number[];
  readonly numPackingBins: number;
  readonly seed: bigint;
  readonly shuffleBins: boolean;
  readonly groupBy: string | undefined;
  readonly metaFeatures: readonly string[];
  /** Meta features that are listed and not packed. */
  readonly listedFeatures: readonly string[];
  /** What an element must have, in the order in which Grain asks. */
  readonly requiredFeatures: readonly string[];
  readonly mostSequences: number | undefined;
};

/** What Grain looks at when the dataset is made. @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's text. */
export function checkPackOptions({ maxSequencesPerBin }: PackOptions): void {
  if (maxSequencesPerBin === undefined || maxSequencesPerBin === null || maxSequencesPerBin > 0) return;
  throw invalidArgument(
    `If specified, \`max_sequences_per_bin\` must be a positive integer, but got ${maxSequencesPerBin}.`,
    { found: maxSequencesPerBin, pythonType: "ValueError" },
  );
}

/**
 * What Grain looks at when an iterator is made or used.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for structs that do not fit together and for numbers that are no integers.
 */
export function packConfig(options: PackOptions): PackConfig {
  const { lengthStruct, metaFeatures = [], packAlignmentStruct, paddingStruct } = options;
  if (!isDict(lengthStruct)) {
    throw invalidArgument("lengthStruct: expected a dict of features", { pythonType: "AssertionError" });
  }
  requireList(metaFeatures, "metaFeatures");
  const { skeleton, leaves } = flattenStruct(lengthStruct);
  const paddings = isGiven(paddingStruct) ? alignedLeaves(skeleton, paddingStruct, "paddingStruct") : [];
  const packed = leaves.map(({ path, value }, index) => ({
    path,
    capacity: safeInteger(value, `lengthStruct ${path}`),
    padding: readPadding(paddings[index]),
  }));
  const features = Object.keys(lengthStruct);
  const isPacked = (feature: string) =>
    Object.hasOwn(lengthStruct, feature) && flattenStruct(lengthStruct[feature]).leaves.length > 0;
  return {
    skeleton,
    packed,
    alignments: isGiven(packAlignmentStruct) ? alignmentsOf(packAlignmentStruct) : packed.map(() => 1),
    numPackingBins: options.numPackingBins,
    seed: integerArgument(options.seed ?? 0, "SeedSequence: entropy"),
    shuffleBins: options.shuffleBins ?? true,
    groupBy: options.shuffleBinsGroupByFeature ?? undefined,
    metaFeatures,
    listedFeatures: metaFeatures.filter((feature) => !isPacked(feature)),
    requiredFeatures: [...new Set([...features, ...metaFeatures])],
    mostSequences: options.maxSequencesPerBin ?? undefined,
  };
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}

function alignmentsOf(struct: unknown): number[] {
  return flattenStruct(struct)
    .leaves.filter(({ value }) => value !== null)
    .map(({ path, value }) => {
      const alignment = safeInteger(value, `packAlignmentStruct ${path}`);
      if (alignment >= 0) return alignment;
      throw invalidArgument(`packAlignmentStruct ${path}: ${alignment}, expected 1 or more`, {
        found: alignment,
      });
    });
}

function safeInteger(value: unknown, what: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw invalidArgument(`${what}: ${pythonTypeName(value)} object cannot be interpreted as an integer`, {
    found: value,
    pythonType: "TypeError",
  });
}
