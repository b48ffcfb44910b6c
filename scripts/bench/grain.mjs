// Times pipelines of Grain against Grain: `node scripts/bench/grain.mjs [rounds]`, after `npm run build` and
// `bash scripts/oracle/make.sh .oracle`.
//
// Both sides make the same pipeline and take all its elements in turn in one run: only the ratios mean anything. Grain
// reads without threads (num_threads=0), as its manual advises for elements that are in memory. What was timed is
// compared by digest; a difference is an error.
import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import {
  InterleaveIterDataset,
  IterDataset,
  MapDataset,
  RebatchIterDataset,
  WindowShuffleIterDataset,
} from "orbax-ts/grain";
import { median, startPython } from "./python.mjs";

const rounds = Number(process.argv[2] ?? 3);
const SIZE = 100_000;

const addOne = (x) => x + 1;
const isEven = (x) => x % 2 === 0;
const range = (start, stop) => MapDataset.range(start, stop).toIterDataset();
const tenRanges = () => Array.from({ length: 10 }, (_, k) => range((k * SIZE) / 10, ((k + 1) * SIZE) / 10));

/** Pipelines by the names under which `grain_server.py` has the same. */
const pipelines = {
  range: () => range(0, SIZE),
  "shuffle, map, filter, batch": () =>
    MapDataset.range(SIZE).shuffle(1).map(addOne).filter(isEven).toIterDataset().batch(32),
  "shuffle; iter map, filter, batch": () =>
    MapDataset.range(SIZE).shuffle(1).toIterDataset().map(addOne).filter(isEven).batch(32),
  "repeat, shuffle, map batch": () =>
    MapDataset.range(SIZE / 2)
      .shuffle(7)
      .repeat(2)
      .batch(32),
  "random map": () =>
    MapDataset.range(SIZE / 10).randomMap((x, rng) => x + Math.floor(rng.random() * 1000), { seed: 5 }),
  mix: () => IterDataset.mix([range(0, SIZE), range(SIZE, 3 * SIZE)], [1, 2]),
  interleave: () => new InterleaveIterDataset(tenRanges(), { cycleLength: 4, iterBufferSize: 0 }),
  "window shuffle": () => new WindowShuffleIterDataset(range(0, SIZE), { windowSize: 1000, seed: 3 }),
  "mix, window shuffle, map, batch, rebatch": () => {
    const mixed = IterDataset.mix([range(0, SIZE / 2), range(SIZE, 2 * SIZE)], [1, 1]);
    const shuffled = new WindowShuffleIterDataset(mixed, { windowSize: 100, seed: 3 });
    return new RebatchIterDataset(shuffled.map(addOne).batch(32), { batchSize: 24 });
  },
};

/** CRC-32 of the numbers as little-endian float64. */
function digest(elements) {
  return crc32(new Uint8Array(Float64Array.from(elements.flat()).buffer));
}

const milliseconds = (seconds) => `${(seconds * 1000).toFixed(1)} ms`;

const { ask, stop } = startPython("grain_server.py");
try {
  const times = new Map(Object.keys(pipelines).map((name) => [name, { node: [], python: [] }]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, pipeline] of Object.entries(pipelines)) {
      const answer = await ask({ case: name, size: SIZE });
      const start = performance.now();
      const elements = Array.from(pipeline());
      const seconds = (performance.now() - start) / 1000;
      assert.equal(digest(elements), answer.digest, `${name}: other elements than Python's`);
      if (round === 0) continue; // warms both up
      times.get(name).python.push(answer.seconds);
      times.get(name).node.push(seconds);
    }
  }
  console.log(`Node ${process.version}, ${rounds} rounds, medians`);
  for (const [name, { node, python }] of times) {
    const ratio = median(python) / median(node);
    console.log(
      [
        name.padEnd(42),
        `Python ${milliseconds(median(python))}`.padStart(18),
        `Node ${milliseconds(median(node))}`.padStart(16),
        `${ratio.toFixed(1)} x`.padStart(9),
      ].join("  "),
    );
  }
  console.log("what was timed was equal on both sides");
} finally {
  stop();
}

await readAhead();

/** Elements that take 2 ms to come, one by one and read ahead as by default. */
async function readAhead() {
  const source = { length: 1000, get: (index) => new Promise((resolve) => setTimeout(resolve, 2, index)) };
  for (const readOptions of [{ prefetchBufferSize: 0 }, {}]) {
    const start = performance.now();
    let sum = 0;
    for await (const element of MapDataset.source(source).toIterDataset({ readOptions })) sum += element;
    assert.equal(sum, 499_500);
    const how = readOptions.prefetchBufferSize === 0 ? "one by one" : "read ahead";
    const seconds = (performance.now() - start) / 1000;
    console.log(
      `${`1,000 elements of 2 ms, ${how}`.padEnd(42)}  ${`Node ${milliseconds(seconds)}`.padStart(36)}`,
    );
  }
}
