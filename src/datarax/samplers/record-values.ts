import { invalidArgument, type OrbaxError } from "../../errors.js";
import { fromBareArray, isBareArray } from "../../pytree/bare-array.js";
import { arrayOfElements } from "../../pytree/element.js";
import { pythonTypeName } from "../../pytree/python-type-name.js";
import { Complex, Scalar, scalar, type Tree } from "../../pytree/value.js";
import { bytesOf } from "../../zarr/dtype.js";
import { NdArray } from "../../zarr/nd-array.js";
import { canonicalDtype, type RecordField } from "./element-spec.js";

/**
 * The bytes of one array of a record, as its field keeps them (not copied where they are so already). As in Python an
 * array must have the field's shape and dtype, 64-bit arrays count as 32-bit ones; a JavaScript number has no dtype
 * and takes that of its field, fractions rounded to nearest.
 *
 * @param name Where the value stands, for messages.
 * @throws {OrbaxError} `INVALID_ARGUMENT` for other arrays, and numbers that the dtype cannot hold.
 */
export function fieldBytes(field: RecordField, value: Tree, name: string): Uint8Array {
  const array = NdArray.is(value)
    ? value
    : isBareArray(value)
      ? fromBareArray(value)
      : numberOf(field, value, name);
  if (canonicalDtype(array.dtype) !== field.dtype) {
    throw refusal(
      name,
      "TypeError",
      `lax.dynamic_update_slice requires arguments to have the same dtypes, got ${field.dtype}, ` +
        `${canonicalDtype(array.dtype)}.`,
    );
  }
  if (array.shape.join() !== field.shape.join()) {
    const [wanted, found] = [field, array].map(({ shape }) => `[${shape.join(", ")}]`);
    throw refusal(name, "ValueError", `shape ${found}, expected ${wanted}`);
  }
  return bytesOf(array.dtype === field.dtype ? array.data : narrowed(array.data, field, name));
}

function numberOf({ dtype }: RecordField, value: Tree, name: string): NdArray {
  const number = Scalar.is(value) ? value.value : value;
  const isNumber = typeof number === "number" || typeof number === "bigint" || typeof number === "boolean";
  if (!isNumber && !Complex.is(number)) {
    throw refusal(name, "TypeError", `expected an array or a number, got ${pythonTypeName(value)}`);
  }
  // Rounds to what the dtype holds, and refuses what it does not.
  const array = arrayOfElements(dtype, [], [scalar(dtype, number).value]);
  if (array === undefined) throw new Error(`${name}: ${dtype} does not hold its own scalar`);
  return array;
}

/** JAX would let an integer wrap around. */
function narrowed(data: NdArray["data"], { dtype }: RecordField, name: string) {
  if (!(data instanceof BigInt64Array || data instanceof BigUint64Array)) return new Float32Array(data);
  const narrow = dtype === "int32" ? new Int32Array(data.length) : new Uint32Array(data.length);
  for (const [index, integer] of data.entries()) {
    narrow[index] = Number(integer);
    if (BigInt(narrow[index] ?? 0) !== integer) {
      throw refusal(name, "OverflowError", `${integer} too large to convert to ${dtype}`);
    }
  }
  return narrow;
}

function refusal(name: string, pythonType: string, reason: string): OrbaxError {
  return invalidArgument(`${name}: ${reason}`, { field: name, pythonType });
}
