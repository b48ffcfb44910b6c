import * as fc from "fast-check";
import type { ConcatArguments, PackArguments, PackingCase } from "./packing-case.js";
import type { FeatureForm, FeatureForms } from "./packing-elements.js";

/** A dataset for both languages, and how its features are given here. */
export type RandomPacking = { readonly dataset: PackingCase; readonly forms: FeatureForms };

type Feature = {
  readonly dtype: string;
  readonly form: FeatureForm;
  /** Sizes of the axes behind the sequence's. */
  readonly rest: readonly number[];
  /** The longest sequence. */
  readonly longest: number;
};

const integers = fc.integer({ min: 0, max: 20 });
const floats = fc.constantFrom<number | string>(0, 1.5, -2, 0.1, 3, 1e5, "nan", "inf", "-0.0");
const halves = fc.constantFrom<number>(0, 1.5, -2, 3, 0.0078125);
const VALUES: { readonly [dtype: string]: fc.Arbitrary<number | string | boolean> } = {
  bool: fc.boolean(),
  int8: fc.integer({ min: -8, max: 8 }),
  uint8: integers,
  int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  int64: fc.oneof(integers, fc.constantFrom("9223372036854775807", "-9007199254740993")),
  float16: halves,
  bfloat16: halves,
  float32: halves,
  float64: floats,
};

/** The dtypes that arrays of numbers are in Python. */
const PLAIN_VALUES: { readonly [dtype: string]: fc.Arbitrary<number> } = {
  int64: fc.integer({ min: -100, max: 100 }),
  float64: fc.constantFrom(0.5, -1.25, 1e300),
};

function featureOf(longest: fc.Arbitrary<number>): fc.Arbitrary<Feature> {
  return fc.oneof(
    fc.record({
      dtype: fc.constantFrom("int64", "float64"),
      form: fc.constant<FeatureForm>("numbers"),
      rest: fc.constant([]),
      longest,
    }),
    fc.record({
      dtype: fc.constantFrom("int8", "uint8", "int32", "int64", "float32", "float64"),
      form: fc.constant<FeatureForm>("typed array"),
      rest: fc.constant([]),
      longest,
    }),
    fc.record({
      dtype: fc.constantFrom(...Object.keys(VALUES)),
      form: fc.constant<FeatureForm>("ndarray"),
      rest: fc.constantFrom<readonly number[]>([], [], [2], [1, 3]),
      longest,
    }),
  );
}

/** An array of a feature, of some length, in tagged JSON. */
function arrayOf({ dtype, form, rest, longest }: Feature): fc.Arbitrary<unknown> {
  const values = form === "numbers" ? PLAIN_VALUES[dtype] : VALUES[dtype];
  return fc.integer({ min: 0, max: longest }).chain((length) => {
    const shape = [length, ...rest];
    const count = shape.reduce((product, size) => product * size, 1);
    return fc
      .array(values ?? fc.constant(0), { minLength: count, maxLength: count })
      .map((data) => ({ $array: { kind: "numpy", dtype, shape, data } }));
  });
}

const NAMES = ["x", "y", "inputs"];

type Named<T> = { readonly [name: string]: T };

function someOf<T>(names: readonly string[], value: fc.Arbitrary<T>): fc.Arbitrary<Named<T>> {
  return fc
    .subarray([...names], { minLength: 1 })
    .chain((chosen) => fc.record(Object.fromEntries(chosen.map((name) => [name, value]))));
}

function mapValues<T, R>(record: Named<T>, map: (value: T, name: string) => R): Named<R> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]));
}

function formsOf(features: Named<Feature>): FeatureForms {
  return mapValues(features, ({ form }) => form);
}

/** Meta features: `note` is listed, `mask` packed, `tree` packed with two leaves, `weight` a listed number. */
const META: Named<fc.Arbitrary<unknown>> = {
  note: fc.constantFrom("a", "é", "", null),
  weight: fc.integer({ min: -3, max: 3 }),
  mask: arrayOf({ dtype: "uint8", form: "ndarray", rest: [], longest: 3 }),
  tree: fc.record({
    b: fc.array(arrayOf({ dtype: "int32", form: "ndarray", rest: [], longest: 2 }), {
      minLength: 1,
      maxLength: 1,
    }),
    a: arrayOf({ dtype: "float32", form: "ndarray", rest: [2], longest: 2 }),
  }),
};
const META_LENGTHS: Named<PackArguments["length_struct"][string]> = { mask: 9, tree: { b: [6], a: 7 } };

const packIntoBins: fc.Arbitrary<RandomPacking> = fc
  .record({
    features: someOf(NAMES, featureOf(fc.integer({ min: 1, max: 8 }))),
    meta: fc.subarray(Object.keys(META)),
    tooShort: fc.integer({ min: 0, max: 30 }), // once in a while a bin is too short for some sequence
  })
  .chain(({ features, meta, tooShort }) => {
    const lengths = mapValues(features, ({ longest }) =>
      fc.integer({ min: longest, max: 3 * longest }).map((length) => (tooShort === 0 ? length - 1 : length)),
    );
    const grouped = [...Object.keys(features), ...Object.keys(features).map((name) => `${name}_positions`)]
      .filter((name) => features[name]?.dtype !== "bfloat16")
      .concat(meta.includes("weight") ? ["weight"] : []);
    const paddings = mapValues(features, ({ dtype }) =>
      dtype === "bool" ? fc.constantFrom(null, true) : fc.constantFrom(null, 7, 0),
    );
    const options: fc.Arbitrary<PackArguments> = fc.record(
      {
        length_struct: fc.record({ ...lengths, ...chosen(mapValues(META_LENGTHS, fc.constant), meta) }),
        num_packing_bins: fc.integer({ min: 1, max: 5 }),
        seed: fc.oneof(fc.nat(9), fc.nat(2 ** 40)),
        shuffle_bins: fc.boolean(),
        shuffle_bins_group_by_feature: fc.option(fc.constantFrom(...grouped)),
        meta_features: fc.constant(meta),
        max_sequences_per_bin: fc.option(fc.integer({ min: 1, max: 4 })),
        padding_struct: fc.option(fc.record({ ...paddings, ...chosen(metaStructs(fc.nat(3)), meta) })),
        pack_alignment_struct: fc.option(
          fc.record({
            ...mapValues(features, () => alignments),
            ...chosen(metaStructs(alignments), meta),
          }),
        ),
      },
      { requiredKeys: ["length_struct", "num_packing_bins", "meta_features"] },
    );
    return fc.record({
      dataset: fc.record({
        class: fc.constantFrom("FirstFitPackIterDataset", "BestFitPackIterDataset"),
        elements: fc.array(
          fc.record({
            ...mapValues(features, arrayOf),
            ...Object.fromEntries(meta.map((name) => [name, META[name] ?? fc.constant(0)])),
            unused: fc.nat(3),
          }),
          { minLength: 0, maxLength: 25 },
        ),
        options,
      }),
      forms: fc.constant(formsOf(features)),
    });
  });

const alignments = fc.integer({ min: 1, max: 4 });

/** A number for each leaf of the meta features that are packed. */
function metaStructs(
  numbers: fc.Arbitrary<number>,
): Named<fc.Arbitrary<PackArguments["length_struct"][string]>> {
  return { mask: numbers, tree: fc.record({ b: fc.tuple(numbers), a: numbers }) };
}

/** Those entries that are named, as far as there are such. */
function chosen<T>(entries: Named<T>, names: readonly string[]): Named<T> {
  return Object.fromEntries(Object.entries(entries).filter(([name]) => names.includes(name)));
}

const concatThenSplit: fc.Arbitrary<RandomPacking> = fc
  .record({
    features: someOf(NAMES, featureOf(fc.integer({ min: 1, max: 10 }))),
    meta: fc.subarray(["m", "n"]),
  })
  .chain(({ features, meta }) => {
    const metaFeatures = Object.fromEntries(
      meta.map((name) => [name, { dtype: "int32", form: "ndarray", rest: [], longest: 2 } satisfies Feature]),
    );
    const all: Named<Feature> = { ...features, ...metaFeatures };
    const lengths = mapValues(all, ({ longest }, name) =>
      meta.includes(name) ? fc.integer({ min: 2, max: 5 }) : fc.integer({ min: 1, max: longest + 2 }),
    );
    const fields = {
      length_struct: fc.record(lengths),
      meta_features: fc.constant(meta),
      split_full_length_features: fc.boolean(),
    };
    const options: fc.Arbitrary<ConcatArguments> = fc.oneof(
      fc.record(fields, { requiredKeys: ["length_struct", "meta_features"] }),
      fc.record({
        ...fields,
        bos_handling: fc.constant("REPLACE_FIRST_TOKEN_WITH_BOS" as const),
        bos_features: fc.subarray(Object.keys(features), { minLength: 1 }),
        bos_token_id: fc.constant(1),
      }),
    );
    return fc.record({
      dataset: fc.record({
        class: fc.constant("ConcatThenSplitIterDataset" as const),
        elements: fc.array(fc.record(mapValues(all, arrayOf)), { minLength: 0, maxLength: 25 }),
        options,
      }),
      forms: fc.constant(formsOf(all)),
    });
  });

/** Datasets of all classes with random options over random ragged elements. */
export const packingCases: fc.Arbitrary<RandomPacking> = fc.oneof(packIntoBins, concatThenSplit);
