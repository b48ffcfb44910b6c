import type { Program } from "../grain/iter/program.js";
import type { Draw } from "./draw.js";

/** A random pipeline of transformations that need iteration; most have elements, a few are errors on purpose. */
export function randomIterProgram(draw: Draw): Program {
  const depth = draw.integer(1, 3);
  const batched = (): Program => ["batch", iterated(draw, depth - 1), draw.integer(1, 3), draw.chance(0.3)];
  const rebatched = (): Program => ["rebatch", batched(), draw.integer(1, 4), draw.chance(0.3)];
  switch (draw.pick(["any", "any", "any", "zip", "rebatch", "repeat", "threads", "elastic"])) {
    case "zip":
      return ["zip", several(draw, 3, () => iterated(draw, depth - 1)), draw.chance(0.3)];
    case "rebatch":
      return rebatched();
    case "repeat":
      return ["repeat", rebatched(), 2];
    case "threads":
      return ["multithreadPrefetch", batched(), draw.integer(2, 3)];
    case "elastic": {
      const shardCount = draw.integer(1, 3);
      const batchSize = shardCount * draw.integer(1, 3);
      const order: Program = ["shuffle", ["range", 0, draw.pick([5, 12, 30])], draw.integer(0, 999)];
      return ["elastic", order, batchSize, draw.integer(0, shardCount - 1), shardCount];
    }
    default:
      return iterated(draw, depth);
  }
}

function several<T>(draw: Draw, most: number, make: () => T): T[] {
  return Array.from({ length: draw.integer(1, most) }, make);
}

function randomAccess(draw: Draw): Program {
  const start = draw.integer(0, 50);
  let program: Program = ["range", start, start + draw.pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12])];
  for (let count = draw.integer(0, 2); count > 0; count--) {
    program = draw.pick<Program>([
      ["shuffle", program, draw.integer(0, 2 ** 32 - 1)],
      ["filterMap", program, draw.integer(2, 3)],
      ["slice", program, draw.integer(0, 2), draw.integer(1, 3)],
      ["repeatMap", program, 2],
    ]);
  }
  return program;
}

/** A pipeline whose elements are numbers. */
function iterated(draw: Draw, depth: number): Program {
  if (depth <= 0) return ["iter", randomAccess(draw)];
  const parent = () => iterated(draw, depth - 1);
  switch (
    draw.pick([
      "iter",
      "map",
      "filter",
      "mix",
      "mixNamed",
      "repeat",
      "limit",
      "windowShuffle",
      "interleave",
      "interleaveMap",
      "cache",
      "flatMap",
      "threadPrefetch",
      "multithreadPrefetch",
    ])
  ) {
    case "map":
      return ["map", parent(), draw.integer(0, 4)];
    case "filter":
      return ["filter", parent(), draw.integer(2, 3)];
    case "mix": {
      const parents = several(draw, 3, parent);
      return ["mix", parents, draw.chance(0.5) ? null : parents.map(() => draw.integer(100, 999) / 1000)];
    }
    case "mixNamed":
      return mixedByName(draw, several(draw, 3, parent));
    case "repeat":
      return ["repeat", parent(), draw.integer(1, 3)];
    case "limit":
      return ["limit", parent(), draw.pick([1, 3, 5, 20])];
    case "windowShuffle":
      return ["windowShuffle", parent(), draw.pick([1, 2, 3, 5]), draw.integer(0, 2 ** 32 - 100)];
    case "interleave": {
      const datasets = several(draw, 4, () => (draw.chance(0.5) ? parent() : randomAccess(draw)));
      return ["interleave", datasets, draw.integer(1, 3)];
    }
    case "interleaveMap": {
      const starts = several(draw, 4, () => draw.integer(0, 40));
      return ["interleaveMap", starts, draw.pick([0, 1, 3]), draw.integer(1, 3)];
    }
    case "cache":
      return ["cache", parent()];
    case "flatMap":
      return ["flatMap", parent(), draw.integer(1, 4)];
    case "threadPrefetch":
      return ["threadPrefetch", parent(), draw.pick([0, 1, 3])];
    case "multithreadPrefetch":
      return ["multithreadPrefetch", parent(), draw.integer(0, 3)];
    default:
      return ["iter", randomAccess(draw)];
  }
}

const NAMES = ["b", "a", "😀", "Z"] as const;
const nameOf = (index: number) => NAMES[index] ?? "";

function mixedByName(draw: Draw, parents: readonly Program[]): Program {
  const datasets = Object.fromEntries(parents.map((program, index) => [nameOf(index), program]));
  const weights = parents.map((_, index) => [nameOf(index), draw.integer(100, 999) / 1000] as const);
  return ["mixNamed", datasets, draw.chance(0.5) ? null : Object.fromEntries(weights)];
}
