import { parseTaggedJson } from "../../../src/datarax/tagged-json.js";
import { isDict, isList } from "../../../src/pytree/container.js";
import type { Tree } from "../../../src/pytree/value.js";
import { NdArray } from "../../../src/zarr/nd-array.js";
import { neutralJson, neutralState } from "../../live/neutral-json.js";

/** How a feature that is a NumPy array in Python is given here. */
export type FeatureForm = "ndarray" | "typed array" | "numbers";

export type FeatureForms = { readonly [feature: string]: FeatureForm };

/** Elements in tagged JSON, as Python gets them, with the features in the forms of JavaScript. */
export function ourElements(elements: readonly unknown[], forms: FeatureForms): unknown[] {
  return elements.map((element) => {
    const parsed = parseTaggedJson(element);
    if (!isDict(parsed)) return parsed;
    return Object.fromEntries(
      Object.entries(parsed).map(([name, value]) => [name, inForm(value, forms[name])]),
    );
  });
}

function inForm(value: unknown, form: FeatureForm | undefined): unknown {
  if (!NdArray.is(value) || form === undefined || form === "ndarray") return value;
  if (form === "typed array") return value.data;
  return Array.from(value.data, Number);
}

/** One of our packed elements in tagged JSON, but for arrays of numbers, which stay such. */
export function taggedElement(element: object): unknown {
  const tagged = Object.entries(element).map(([name, value]: [string, Tree]) => {
    const isPlain = isList(value) && value.every((item) => typeof item === "number");
    return [name, isPlain ? value : neutralState(value)];
  });
  return Object.fromEntries(tagged);
}

/**
 * A packed element of Python in neutral tagged JSON, with plain lists where ours has arrays of numbers: in features given as
 * such, their segment ids and positions.
 */
export function expectedElement(element: unknown, forms: FeatureForms): unknown {
  const neutral = neutralJson(element);
  if (!isDict(neutral)) return neutral;
  return Object.fromEntries(
    Object.entries(neutral).map(([name, value]) => {
      const feature = name.replace(/_(segment_ids|positions)$/u, "");
      return [name, forms[feature] === "numbers" ? plainRow(value) : value];
    }),
  );
}

function plainRow(value: unknown): unknown {
  const array = isDict(value) ? value["$array"] : undefined;
  return isDict(array) && isList(array["data"]) ? array["data"] : value;
}
