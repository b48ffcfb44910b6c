import type { IterDataset } from "../../../src/grain/iter-dataset.js";
import { BOSHandling, type ConcatThenSplitOptions } from "../../../src/grain/packing/concat-options.js";
import { ConcatThenSplitIterDataset } from "../../../src/grain/packing/concat-then-split-dataset.js";
import {
  BestFitPackIterDataset,
  FirstFitPackIterDataset,
} from "../../../src/grain/packing/pack-iter-dataset.js";
import type { PackOptions } from "../../../src/grain/packing/pack-options.js";
import type { PackedElement } from "../../../src/grain/packing/packed-batch.js";

/** A dataset that both languages can make: Grain's class and Python's arguments, in tagged JSON but for elements. */
export type PackingCase = {
  readonly class: "FirstFitPackIterDataset" | "BestFitPackIterDataset" | "ConcatThenSplitIterDataset";
  readonly elements: readonly unknown[];
  readonly options: PackArguments | ConcatArguments;
};

export type PackArguments = {
  readonly length_struct: PackOptions["lengthStruct"];
  readonly num_packing_bins: number;
  readonly seed?: number;
  readonly shuffle_bins?: boolean;
  readonly shuffle_bins_group_by_feature?: string | null;
  readonly meta_features?: readonly string[];
  readonly pack_alignment_struct?: PackOptions["packAlignmentStruct"];
  readonly padding_struct?: PackOptions["paddingStruct"];
  readonly max_sequences_per_bin?: number | null;
};

export type ConcatArguments = {
  readonly length_struct: { readonly [feature: string]: number };
  readonly meta_features?: readonly string[];
  readonly split_full_length_features?: boolean;
  readonly bos_handling?: "DO_NOTHING" | "REPLACE_FIRST_TOKEN_WITH_BOS";
  readonly bos_features?: readonly string[];
  readonly bos_token_id?: number | null;
};

/** Our dataset of a case, over a parent. */
export function makePacking(
  { class: name, options }: Pick<PackingCase, "class" | "options">,
  parent: IterDataset<unknown>,
): IterDataset<PackedElement> {
  if (!("num_packing_bins" in options)) return new ConcatThenSplitIterDataset(parent, concatOptions(options));
  const Packing = name === "BestFitPackIterDataset" ? BestFitPackIterDataset : FirstFitPackIterDataset;
  return new Packing(parent, packOptions(options));
}

function packOptions(options: PackArguments): PackOptions {
  return defined({
    lengthStruct: options.length_struct,
    numPackingBins: options.num_packing_bins,
    seed: options.seed,
    shuffleBins: options.shuffle_bins,
    shuffleBinsGroupByFeature: options.shuffle_bins_group_by_feature,
    metaFeatures: options.meta_features,
    packAlignmentStruct: options.pack_alignment_struct,
    paddingStruct: options.padding_struct,
    maxSequencesPerBin: options.max_sequences_per_bin,
  });
}

function concatOptions(options: ConcatArguments): ConcatThenSplitOptions {
  return defined({
    lengthStruct: options.length_struct,
    metaFeatures: options.meta_features,
    splitFullLengthFeatures: options.split_full_length_features,
    bosHandling: options.bos_handling === undefined ? undefined : BOSHandling[options.bos_handling],
    bosFeatures: options.bos_features,
    bosTokenId: options.bos_token_id,
  });
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** An object without the fields that are undefined. */
function defined<T extends object>(fields: T): Defined<T>;
function defined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
