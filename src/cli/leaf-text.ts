import type { DescribedLeaf } from "../checkpoint/stored-leaf.js";
import { type PlainElement, plainElement } from "../pytree/element.js";
import type { PytreeLeaf } from "../pytree/leaf.js";
import { elementCount } from "../zarr/dtype.js";
import type { NdArray } from "../zarr/nd-array.js";
import { escapeText } from "./escape-text.js";
import { elementText, scalarJson } from "./leaf-json.js";
import type { ShownLeaf } from "./tree-node.js";

/** Significant digits of a float among others; a scalar has all. */
const ARRAY_DIGITS = 6;

/** What a leaf is: `float32 [784, 512]`, `int64`, `str`. */
export function typeText({ leaf, value }: ShownLeaf, impl: string | undefined): string {
  const { array, storage } = leaf;
  if (array !== undefined) {
    if (value?.kind === "scalar") return scalarJson(value.scalar).dtype;
    if (impl === undefined) return `${array.dtype} ${shapeText(array.shape)}`;
    return `key ${escapeText(impl)} ${shapeText(array.shape.slice(0, -1))}`;
  }
  if (storage.kind === "string") return "str";
  return storage.kind === "value" ? EMPTY_TYPES[storage.leaf.kind] : "?";
}

const EMPTY_TYPES: { readonly [kind in PytreeLeaf["kind"]]: string } = {
  none: "None",
  placeholder: "...",
  "empty-dict": "{}",
  "empty-list": "[]",
  "empty-tuple": "()",
  array: "?",
  scalar: "?",
  string: "?",
  "prng-key": "?",
};

/** A shape as Python's list has it: `[784, 512]`. */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}

/** A small value for people; empty where there is none, or it was not read. */
export function valueText(value: PytreeLeaf | undefined): string {
  switch (value?.kind) {
    case "scalar":
      return elementText(value.scalar.dtype, value.scalar.value);
    case "string":
      return quoted(value.text);
    case "array":
      return arrayText(value.array);
    case "prng-key":
      return Array.from(value.key.data).join(", ");
    default:
      return "";
  }
}

function arrayText(array: NdArray): string {
  const elements = Array.from({ length: elementCount(array.shape) }, (_, index) =>
    shortText(array, plainElement(array, index)),
  );
  return elements.join(", ");
}

function shortText({ dtype }: NdArray, element: PlainElement): string {
  const isFraction = typeof element === "number" && !Number.isInteger(element) && Number.isFinite(element);
  return isFraction ? String(Number(element.toPrecision(ARRAY_DIGITS))) : elementText(dtype, element);
}

/** Text in quotes, on one line. */
export function quoted(text: string): string {
  return escapeText(JSON.stringify(text));
}

/** Whether a leaf is so small that its value is shown beside it. */
export function isSmall({ array, storage }: DescribedLeaf): boolean {
  if (array === undefined || (storage.kind === "array" && storage.holds === "scalar")) return true;
  // The chunks, too: they are what has to be read.
  return elementCount(array.shape) <= SMALL_ELEMENTS && elementCount(array.chunkShape) <= SMALL_ELEMENTS;
}

const SMALL_ELEMENTS = 8;
