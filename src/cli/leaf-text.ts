import { arrayTypeOf, type DescribedLeaf } from "../checkpoint/tree/stored-leaf.js";
import { type PlainElement, plainElement } from "../pytree/element.js";
import type { PytreeLeaf } from "../pytree/leaf.js";
import { dtypeRow, elementCount } from "../zarr/dtype.js";
import type { NdArray } from "../zarr/nd-array.js";
import { escapeText } from "./escape-text.js";
import { elementText, hexText, scalarJson } from "./leaf-json.js";
import type { ShownLeaf } from "./tree-node.js";

/** Significant digits of a float among others; a scalar has all. */
const ARRAY_DIGITS = 6;

/** What a leaf is: `float32 [784, 512]`, `int64`, `str`. */
export function typeText({ leaf, value }: ShownLeaf, impl: string | undefined): string {
  const type = arrayTypeOf(leaf);
  if (value?.kind === "bytes") return `${TYPES.bytes} ${shapeText([value.bytes.length])}`;
  if (type === undefined) return leaf.storage.kind === "value" ? TYPES[leaf.storage.leaf.kind] : TYPES.string;
  if (value?.kind === "scalar") return scalarJson(value.scalar).dtype;
  if (impl === undefined) return `${type.dtype} ${shapeText(type.shape)}`;
  return `key ${escapeText(impl)} ${shapeText(type.shape.slice(0, -1))}`;
}

/** Python's names. Arrays and numbers are called by their dtype. */
const TYPES: { readonly [kind in PytreeLeaf["kind"]]: string } = {
  none: "None",
  placeholder: "...",
  "empty-dict": "{}",
  "empty-list": "[]",
  "empty-tuple": "()",
  array: "array",
  scalar: "number",
  string: "str",
  bytes: "bytes",
  "prng-key": "key",
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
    case "bytes":
      return bytesText(value.bytes);
    case "array":
      return arrayText(value.array);
    case "prng-key":
      return Array.from(value.key.data).join(", ");
    default:
      return "";
  }
}

function bytesText(bytes: Uint8Array): string {
  return `0x${hexText(bytes, SHOWN_BYTES)}${bytes.length > SHOWN_BYTES ? "…" : ""}`;
}

const SHOWN_BYTES = 16;

function arrayText(array: NdArray): string {
  const elements = Array.from({ length: elementCount(array.shape) }, (_, index) =>
    shortText(array, plainElement(array, index)),
  );
  return elements.join(", ");
}

function shortText({ dtype }: NdArray, element: PlainElement): string {
  const isLong =
    typeof element === "number" &&
    Number.isFinite(element) &&
    (!Number.isInteger(element) || (Math.abs(element) >= LONG_FLOAT && dtypeRow(dtype).kind === "float"));
  return isLong ? String(Number(element.toPrecision(ARRAY_DIGITS))) : elementText(dtype, element);
}

/** Whole floats that have more digits than a float32 means. */
const LONG_FLOAT = 1e9;

/** Text in quotes, on one line. */
export function quoted(text: string): string {
  return escapeText(JSON.stringify(text));
}

/** Whether a leaf is so small that its value is shown beside it. */
export function isSmall(leaf: DescribedLeaf): boolean {
  const { array, storage } = leaf;
  if (storage.kind === "array" && storage.holds === "scalar") return true;
  const type = arrayTypeOf(leaf);
  // The chunks, too: they are what has to be read.
  const shapes = type === undefined ? [] : [type.shape, array?.chunkShape ?? []];
  return shapes.every((shape) => elementCount(shape) <= SMALL_ELEMENTS);
}

const SMALL_ELEMENTS = 8;
