import { invalidArgument, OrbaxError } from "../../errors.js";
import { fromBareArray, isBareArray } from "../../pytree/bare-array.js";
import { dictOf, isDict, isList } from "../../pytree/container.js";
import { plainElement } from "../../pytree/element.js";
import { pythonRepr } from "../../pytree/python-repr.js";
import { requiredField } from "../../pytree/state-values.js";
import { Scalar, type Tree, Tuple } from "../../pytree/value.js";
import { NdArray, ndarray } from "../../zarr/nd-array.js";
import type { State } from "../checkpointable-iterator.js";

/** Where a pipeline stands: what `PipelineIterator.get_state()` gives in Python. */
export type PipelinePosition = {
  /** Records behind it, an int32. */
  readonly position: number;
  /** Keys that each stream gave, in the order of the pipeline's streams. */
  readonly rngCounts: readonly number[];
};

/** The state with Python's types: a NumPy int64 and a list of ints. */
export function encodePipelineState({ position, rngCounts }: PipelinePosition): State {
  return dictOf([
    ["position", ndarray("int64", [], BigInt64Array.of(BigInt(position)))],
    ["rng_counts", [...rngCounts]],
  ]);
}

/**
 * Reads a state as Python does: fractions are cut off, other keys ignored.
 *
 * @param streams Random streams of the pipeline.
 * @throws {OrbaxError} `INVALID_ARGUMENT` with Python's texts for a missing field, a number that is none or out of
 * range · `CONFLICT` for another number of streams.
 */
export function decodePipelineState(state: State, streams: number): PipelinePosition {
  const rngCounts = requiredField(state, "rng_counts");
  // Python takes the length of whatever it is first.
  const names = isDict(rngCounts)
    ? Object.keys(rngCounts).length
    : typeof rngCounts === "string"
      ? Array.from(rngCounts).length
      : streams;
  if (names !== streams) throw otherStreams(names, streams);
  const counts = itemsOf(rngCounts);
  if (counts.length !== streams) throw otherStreams(counts.length, streams);
  const position = integerWithin("int32", requiredField(state, "position"), "position");
  return { position, rngCounts: counts.map((count) => integerWithin("uint32", count, "rng_counts")) };
}

function otherStreams(found: number, streams: number) {
  return new OrbaxError(
    "CONFLICT",
    `state carries ${found} rng counts but this pipeline has ${streams} rng streams; ` +
      "the pipeline structure must match the one that produced it.",
    { field: "rng_counts", found, pythonType: "ValueError" },
  );
}

function itemsOf(value: Tree): readonly Tree[] {
  if (isList(value)) return value;
  if (Tuple.is(value)) return value.items;
  const array = isBareArray(value) ? fromBareArray(value) : value;
  if (NdArray.is(array) && array.shape.length === 1) {
    return Array.from({ length: array.shape[0] ?? 0 }, (_, index) => plainElement(array, index));
  }
  throw wrongType(value, "rng_counts", "a list of integers");
}

const RANGES = { int32: [-(2 ** 31), 2 ** 31 - 1], uint32: [0, 2 ** 32 - 1] } as const;

function integerWithin(type: keyof typeof RANGES, value: Tree, field: string): number {
  const integer = truncated(value, field);
  const [least, most] = RANGES[type];
  if (integer >= least && integer <= most) return Number(integer);
  if (BigInt.asIntN(64, BigInt(integer)) !== BigInt(integer)) {
    throw invalidArgument("Python int too large to convert to C long", {
      field,
      found: integer,
      pythonType: "OverflowError",
    });
  }
  throw invalidArgument(`Python integer ${integer} out of bounds for ${type}`, {
    field,
    found: integer,
    pythonType: "OverflowError",
  });
}

/** Python's `int(value)` of a number. */
function truncated(value: Tree, field: string): number | bigint {
  const plain = Scalar.is(value)
    ? value.value
    : NdArray.is(value) && value.shape.length === 0
      ? plainElement(value, 0)
      : value;
  if (typeof plain === "bigint") return plain;
  if (typeof plain === "boolean") return Number(plain);
  if (typeof plain !== "number") throw wrongType(value, field, "a number");
  if (Number.isFinite(plain)) return Math.trunc(plain) + 0;
  const [name, pythonType] = Number.isNaN(plain) ? ["NaN", "ValueError"] : ["infinity", "OverflowError"];
  throw invalidArgument(`cannot convert float ${name} to integer`, { field, found: plain, pythonType });
}

function wrongType(value: Tree, field: string, expected: string) {
  const found = pythonRepr(value).slice(0, 100);
  return invalidArgument(`state: ${field} is ${found}, expected ${expected}`, {
    field,
    found,
    expected,
    pythonType: "TypeError",
  });
}
