import { invalidArgument } from "../../errors.js";
import { isDict } from "../../pytree/container.js";
import { pythonRepr } from "../../pytree/python-repr.js";
import type { Scalar, Tree } from "../../pytree/value.js";
import { requireList } from "../structure-arguments.js";
import { type Feature, readFeature } from "./feature.js";

/** What packing does with the tokens that begin a sequence (BOS): Grain's `BOSHandling`. */
export const BOSHandling = {
  /** Nothing: sequences stay as they are. */
  DO_NOTHING: "DO_NOTHING",
  /** The first token of each sequence, and of each part of a split one, becomes the BOS token. */
  REPLACE_FIRST_TOKEN_WITH_BOS: "REPLACE_FIRST_TOKEN_WITH_BOS",
} as const;

/** One of {@link BOSHandling}. */
export type BOSHandling = (typeof BOSHandling)[keyof typeof BOSHandling];

/** Options of {@link ConcatThenSplitIterDataset}. */
export type ConcatThenSplitOptions = {
  /** Length of each feature of an element that is given. Elements must have these features and no others. */
  readonly lengthStruct: { readonly [feature: string]: number };
  /** Features that are never split, and get no `_segment_ids` and `_positions`. Default: none. */
  readonly metaFeatures?: readonly string[];
  /** Whether an element that has the full length of a feature is split as others are, or passed on as it is. Default: true. */
  readonly splitFullLengthFeatures?: boolean;
  /** Default: `BOSHandling.DO_NOTHING`. */
  readonly bosHandling?: BOSHandling;
  /** Features whose sequences begin with the BOS token. Default: none. */
  readonly bosFeatures?: readonly string[];
  /** The BOS token. */
  readonly bosTokenId?: number | bigint | Scalar | null;
};

/** {@link ConcatThenSplitOptions}, checked. */
export type ConcatThenSplitConfig = {
  /** The features in the order of the options. */
  readonly features: readonly {
    readonly name: string;
    readonly length: number;
    readonly isMeta: boolean;
    /** What the first place of each sequence becomes. */
    readonly bos: Feature | undefined;
  }[];
  readonly splitFullLengthFeatures: boolean;
  /** `length_struct` as Python prints it. */
  readonly lengthStructText: string;
};

/** @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's text for options that do not go together. */
export function concatThenSplitConfig(options: ConcatThenSplitOptions): ConcatThenSplitConfig {
  const { lengthStruct, metaFeatures = [], bosFeatures = [], bosHandling = BOSHandling.DO_NOTHING } = options;
  requireList(metaFeatures, "metaFeatures");
  requireList(bosFeatures, "bosFeatures");
  const bosTokenId = options.bosTokenId ?? undefined;
  checkBos({ bosHandling, bosFeatures, bosTokenId, metaFeatures });
  if (!isDict(lengthStruct)) {
    throw invalidArgument("lengthStruct: expected a dict of lengths", { pythonType: "AttributeError" });
  }
  const features = Object.entries(lengthStruct).map(([name, length]) => ({
    name,
    length: checkLength(name, length),
    isMeta: metaFeatures.includes(name),
    bos:
      bosTokenId !== undefined && bosFeatures.includes(name)
        ? readFeature(bosTokenId, "narrowest")
        : undefined,
  }));
  return {
    features,
    splitFullLengthFeatures: options.splitFullLengthFeatures ?? true,
    lengthStructText: pythonRepr(lengthStruct),
  };
}

type BosOptions = {
  readonly bosHandling: BOSHandling;
  readonly bosFeatures: readonly string[];
  readonly bosTokenId: Tree | undefined;
  readonly metaFeatures: readonly string[];
};

function checkBos({ bosHandling, bosFeatures, bosTokenId, metaFeatures }: BosOptions): void {
  if (!Object.hasOwn(BOSHandling, bosHandling)) {
    throw invalidArgument(`bosHandling: ${pythonRepr(bosHandling)} is none of BOSHandling`, {
      found: bosHandling,
    });
  }
  if (bosHandling === BOSHandling.DO_NOTHING && (bosTokenId !== undefined || bosFeatures.length > 0)) {
    throw refused(
      `bos_handling=BOSHandling.${bosHandling} indicates that BOS handling is not used. So bos_token_id and ` +
        "bos_features should not be set.",
    );
  }
  if (bosHandling !== BOSHandling.DO_NOTHING && bosTokenId === undefined) {
    throw refused(`bos_token_id must be set if bos_handling is BOSHandling.${bosHandling}.`);
  }
  if (metaFeatures.some((feature) => bosFeatures.includes(feature))) {
    throw refused(
      `bos_features and meta_features should not overlap. bos_features: ${pythonRepr(bosFeatures)}, meta_features: ` +
        pythonRepr(metaFeatures),
    );
  }
}

function refused(message: string) {
  return invalidArgument(message, { pythonType: "ValueError" });
}

function checkLength(feature: string, length: unknown): number {
  if (typeof length === "number" && Number.isSafeInteger(length) && length >= 0) return length;
  throw invalidArgument(`lengthStruct: ${feature} has ${String(length)}, expected a length of 0 or more`, {
    key: feature,
    found: length,
    pythonType: "TypeError",
  });
}
