import { invalidArgument } from "../errors.js";
import { dictOf } from "../pytree/container.js";
import { type Dict, prngKey } from "../pytree/value.js";
import { ndarray } from "../zarr/nd-array.js";

/** Seeds of named random streams: `{ default: 3, aug: 44 }` stands for `nnx.Rngs(3, aug=44)`. */
export type RngSeeds = { readonly [stream: string]: number | bigint };

/**
 * What a module that was built with these seeds saves under `rngs`: of each stream a count, from 0, and its key,
 * which is (0, seed mod 2^32) (docs/spec/datarax.md sections 4 and 5.2).
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a seed that is no integer.
 */
export function initialRngsState(seeds: RngSeeds): Dict {
  return dictOf(
    Object.entries(seeds).map(([stream, seed]) => [
      stream,
      dictOf([
        ["count", ndarray("uint32", [], Uint32Array.of(0))],
        ["key", prngKey([], Uint32Array.of(0, wordOf(seed, stream)))],
      ]),
    ]),
  );
}

function wordOf(seed: number | bigint, stream: string): number {
  if (typeof seed !== "bigint" && !Number.isSafeInteger(seed)) {
    throw invalidArgument(`rngs: the seed of ${stream} is ${seed}, expected an integer`, {
      pythonType: "TypeError",
    });
  }
  return Number(BigInt.asUintN(32, BigInt(seed)));
}
