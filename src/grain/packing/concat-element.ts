import { invalidArgument } from "../../errors.js";
import { isDict } from "../../pytree/container.js";
import type { IteratorState } from "../node.js";
import type { ConcatThenSplitConfig } from "./concat-options.js";
import { specText } from "./element-spec.js";
import { type Feature, readFeature, sliceFeature } from "./feature.js";

/** From where to before where a feature is used; `[-1, -1]`: all of it. */
export type Slice = readonly [start: number, stop: number];

/** Slices by feature. */
export type Slices = ReadonlyMap<string, Slice>;

const WHOLE: Slice = [-1, -1];

/** Whether a slice stands for all of a feature. A tuple in Python, and lost on it after JSON: docs/spec/orbax-layout-extra.md section 11. */
export function isWhole([start, stop]: Slice): boolean {
  return start === -1 && stop === -1;
}

/** The slices of an element that is used whole. Meta features have none. */
export function wholeSlices({ features }: ConcatThenSplitConfig): Slices {
  return new Map(features.filter(({ isMeta }) => !isMeta).map(({ name }) => [name, WHOLE]));
}

/** An element of the parent, or a part of one: Grain's `_CtsElement`. */
export class ConcatElement {
  /** Where the parent stood before it. */
  readonly parentState: IteratorState;
  readonly slices: Slices;
  readonly #features: ReadonlyMap<string, Feature>;

  constructor(parentState: IteratorState, features: ReadonlyMap<string, Feature>, slices: Slices) {
    this.parentState = parentState;
    this.slices = slices;
    this.#features = features;
  }

  /** A feature of the whole element. */
  whole(name: string): Feature {
    const feature = this.#features.get(name);
    if (feature === undefined) throw new Error(`packing: no feature ${name}`);
    return feature;
  }

  /** The part of a feature that belongs to this element. A scalar has no parts. */
  part(name: string): Feature {
    const slice = this.slices.get(name);
    const feature = this.whole(name);
    return slice === undefined || isWhole(slice) ? feature : sliceFeature(feature, ...slice);
  }

  /**
   * Both sides of a split at an index in each feature. Without a left side if all are 0.
   *
   * Grain counts an index from the start of the feature where the feature limits packing, and from the start of the part
   * where it does not, so that parts of a second split may overlap. The same here.
   */
  split(points: ReadonlyMap<string, number>): {
    readonly left?: ConcatElement;
    readonly right: ConcatElement;
  } {
    if (Array.from(points.values()).every((point) => point === 0)) return { right: this };
    const left = new Map<string, Slice>();
    const right = new Map<string, Slice>();
    for (const [name, point] of points) {
      const slice = this.slices.get(name) ?? WHOLE;
      const [start, stop] = isWhole(slice) ? [0, this.whole(name).length] : slice;
      left.set(name, [start, point]);
      right.set(name, [point, stop]);
    }
    return { left: this.#with(left), right: this.#with(right) };
  }

  #with(slices: Slices): ConcatElement {
    return new ConcatElement(this.parentState, this.#features, slices);
  }
}

/**
 * The features of an element of the parent.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` with Grain's text if it is no dict or has other features than the options.
 */
export function readElement(value: unknown, config: ConcatThenSplitConfig): ReadonlyMap<string, Feature> {
  if (!isDict(value)) {
    throw invalidArgument(`Parent elements must be unnested dictionaries but got ${specText(value)}.`, {
      pythonType: "ValueError",
    });
  }
  const { features, lengthStructText } = config;
  if (
    Object.keys(value).length !== features.length ||
    features.some(({ name }) => !Object.hasOwn(value, name))
  ) {
    throw invalidArgument(
      `Parent element has structure ${specText(value)} but target sequence length is ${lengthStructText}. There must be ` +
        "a sequence length for each feature.",
      { pythonType: "ValueError" },
    );
  }
  return new Map(features.map(({ name }) => [name, readFeature(value[name], "narrowest")]));
}
