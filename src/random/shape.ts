import { invalidArgument } from "../errors.js";

/** Extents of an array of random values; a number n stands for `[n]`, as for JAX, and `[]` for a single value. */
export type Shape = number | readonly number[];

/** A {@link Shape} that is known to be that of an array. */
export type ArrayShape = number | readonly [number, ...number[]];

const MOST_ELEMENTS = 2 ** 28; // a GiB of words, and seconds to make them

/**
 * Number of elements of a shape.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for extents that are no numbers of elements, and for more than 2^28
 * elements in all.
 */
export function elementsOf(shape: Shape): number {
  const extents = typeof shape === "number" ? [shape] : shape;
  if (!Array.isArray(extents) && !ArrayBuffer.isView(extents)) {
    throw invalidArgument("a shape is a number, or a list of numbers", { pythonType: "TypeError" });
  }
  let elements = 1;
  for (const extent of extents) {
    if (!Number.isInteger(extent)) {
      throw invalidArgument(
        `Shapes must be 1D sequences of concrete values of integer type, got ${tupleText(extents)}.`,
        { pythonType: "TypeError" },
      );
    }
    if (extent < 0) {
      throw invalidArgument(`shape ${tupleText(extents)} has a negative extent`, {
        pythonType: "ValueError",
      });
    }
    elements *= extent;
  }
  if (extents.includes(0)) return 0; // of which the product can have become NaN
  if (elements > MOST_ELEMENTS) {
    throw invalidArgument(`shape ${tupleText(extents)} has more than 2^28 elements`, {
      pythonType: "MemoryError",
    });
  }
  return elements;
}

/** Whether a shape is that of a single value, which is given as such. */
export function isScalar(shape: Shape): boolean {
  return Array.isArray(shape) && shape.length === 0;
}

const MOST_SHOWN = 16;

function tupleText(extents: readonly number[]): string {
  return extents.length === 1 ? `(${extents[0]},)` : `(${extents.slice(0, MOST_SHOWN).join(", ")})`;
}
