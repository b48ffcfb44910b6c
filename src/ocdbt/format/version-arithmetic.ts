/**
 * Arithmetic of the version tree (docs/spec/ocdbt.md section 6). With arity A = 2^arityLog2, versions lie in
 * blocks: a list holds one block of A generations, a node of height h covers a block of A^(h+1).
 */

/** The largest generation there can be. */
export function largestGeneration(arityLog2: number): bigint {
  const bits = arityLog2 * Math.floor(63 / arityLog2);
  return (1n << BigInt(bits)) + (1n << BigInt(arityLog2));
}

/** The greatest height of a version-tree node; also the most references that a manifest can hold. */
export function highestNodeHeight(arityLog2: number): number {
  return Math.floor(63 / arityLog2) - 1;
}

/** First generation of the block of 2^blockLog2 generations in which `generation` lies. */
export function generationBlockStart(generation: bigint, blockLog2: number): bigint {
  return generation - ((generation - 1n) & ((1n << BigInt(blockLog2)) - 1n));
}

/**
 * The generations that a manifest's reference of each height may have, when the manifest's newest generation is
 * `last`. Slots come with rising height, hence falling generations; none overlap.
 */
export function* referenceSlots(
  last: bigint,
  arityLog2: number,
): Generator<{ readonly height: number; readonly least: bigint; readonly most: bigint }> {
  let most = lastOfBlocksBefore(last, arityLog2);
  for (let height = 1; most > 0n; height++) {
    const below = lastOfBlocksBefore(most, (height + 1) * arityLog2);
    yield { height, least: below + 1n, most };
    most = below;
  }
}

/** Last generation of the blocks of 2^blockLog2 that end before `generation`'s own block. */
function lastOfBlocksBefore(generation: bigint, blockLog2: number): bigint {
  return ((generation - 1n) >> BigInt(blockLog2)) << BigInt(blockLog2);
}
