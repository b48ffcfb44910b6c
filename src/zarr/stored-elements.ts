import { dataLoss, OrbaxError } from "../errors.js";
import { allocateData, type DataOf, type Dtype, elementCount } from "./dtype.js";
import { narrowBits, signExtend } from "./narrow-integers.js";

/**
 * Zeroed elements for an array.
 *
 * @throws {OrbaxError} `UNSUPPORTED` for more memory than the platform gives.
 */
export function allocateArray(dtype: Dtype, shape: readonly number[], what: string): DataOf<Dtype> {
  try {
    return allocateData(dtype, elementCount(shape));
  } catch (cause) {
    const message = `${what}: ${dtype} [${shape.join(", ")}] is more than this platform can hold`;
    throw new OrbaxError("UNSUPPORTED", message, {}, { cause });
  }
}

/**
 * Makes elements of stored bytes whose words are in this platform's order already, in place: int4 and int2 get their
 * sign (docs/spec/orbax-layout.md section 9), all others are as they are stored.
 *
 * @throws {OrbaxError} `DATA_LOSS` for a bool that is neither false nor true.
 */
export function finishElements(bytes: Uint8Array, dtype: Dtype, what: string): void {
  if (dtype === "bool") checkBools(bytes, what);
  const bits = narrowBits(dtype);
  if (bits !== undefined) signExtend(bytes, bits);
}

/** @throws {OrbaxError} `DATA_LOSS` for a byte that is neither false nor true, padding included. */
function checkBools(bytes: Uint8Array, what: string): void {
  const offset = bytes.findIndex((byte) => byte > 1);
  if (offset >= 0) throw dataLoss(what, { offset, field: "bool", found: bytes[offset], expected: "0 or 1" });
}
