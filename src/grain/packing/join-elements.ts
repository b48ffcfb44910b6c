import { invalidArgument } from "../../errors.js";
import type { ConcatElement } from "./concat-element.js";
import type { ConcatThenSplitConfig } from "./concat-options.js";
import { type ElementType, elementTypeOf, type Feature } from "./feature.js";
import { FeatureBuffer } from "./feature-buffer.js";
import type { PackedElement, PackedValue } from "./packed-batch.js";

/**
 * One element of several parts, one behind the other; its dtypes are those of the first.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` with NumPy's text for a part of another shape or out of the dtype's range, and
 * with Grain's for parts that are too long together, as scalars can be, which nothing splits.
 */
export function joinElements(parts: readonly ConcatElement[], config: ConcatThenSplitConfig): PackedElement {
  const [first] = parts;
  if (first === undefined) throw new Error("packing: nothing to join");
  const joined: { [name: string]: PackedValue } = Object.create(null);
  for (const { name, length, isMeta, bos } of config.features) {
    const type: ElementType = elementTypeOf(first.whole(name)) === "numbers" ? "numbers" : "int32";
    const values = FeatureBuffer.like(first.whole(name), 1, length);
    const segmentIds = new FeatureBuffer(type, 1, length);
    const positions = new FeatureBuffer(type, 1, length);
    let start = 0;
    for (const [index, part] of parts.entries()) {
      const feature = part.part(name);
      checkRoom(name, feature, start, length);
      values.write(0, start, feature.length, feature);
      if (bos !== undefined) writeBos(values, start, length, bos);
      segmentIds.count(0, start, feature.length, index + 1, 0);
      positions.count(0, start, feature.length, 0, 1);
      start += feature.length;
    }
    joined[name] = values.row(0);
    if (isMeta) continue;
    joined[`${name}_segment_ids`] = segmentIds.row(0);
    joined[`${name}_positions`] = positions.row(0);
  }
  return joined;
}

function checkRoom(name: string, { length: size }: Feature, start: number, length: number): void {
  if (start + size <= length) return;
  throw invalidArgument(
    `Feature '${name}': Cannot pack sequence of length ${size} into segment [${start}:${start + size}] of values with ` +
      `length ${length}. This is a bug in ConcatThenSplitPackDatasetIterator.`,
    { key: name, pythonType: "PyGrainInternalError" },
  );
}

/** Also where a part is empty: the place then belongs to the next one, or to none. */
function writeBos(values: FeatureBuffer, start: number, length: number, bos: Feature): void {
  if (start < length) {
    values.write(0, start, 1, bos);
    return;
  }
  throw invalidArgument(`index ${start} is out of bounds for axis 0 with size ${length}`, {
    pythonType: "IndexError",
  });
}
