// Times the arithmetic of resumable streams against JAX, Grain and NumPy: `node scripts/bench/streams.mjs [rounds]`,
// after `npm run build` and `bash scripts/oracle/make.sh .oracle`.
//
// Both sides do the same work in turn in one run: only the ratios mean anything. What was timed is compared by digest;
// a difference is an error.
import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { indexShuffle, ShuffleSampler } from "orbax-ts/datarax";
import { indexShuffle as grainIndexShuffle } from "orbax-ts/grain";
import { bits, key, permutation, Rngs } from "orbax-ts/jax";
import { randomStateOrder } from "../../dist/random/mt19937.js"; // what ArrayRecordSourceModule shuffles with
import { median, startPython } from "./python.mjs";

const rounds = Number(process.argv[2] ?? 9);

const SEED = 1234;
const INDICES = 100_000;
const MILLION = 10 ** 6;
const BILLION = 10 ** 9; // a position at which streams resume

/** The values of a function at successive positions. */
function collected(start, count, at) {
  const values = new Float64Array(count);
  for (let index = 0; index < count; index++) values[index] = at(start + index);
  return values;
}

/** A sampler that stands where a saved one stood. */
function resumedSampler(datasetSize, position) {
  const sampler = new ShuffleSampler({ datasetSize, seed: SEED });
  sampler.setState({ sampler_state: { dataset_size: datasetSize, seed: SEED, position } });
  return sampler;
}

const sizes = [
  ["10^6", MILLION, 0],
  ["2^30", 2 ** 30, 0],
  ["2^30 from 10^9", 2 ** 30, BILLION],
];

/** A case: the work of a turn on this side, and Python's case with its arguments. Both give numbers. */
const cases = [
  ...sizes.flatMap(([name, n, start]) => [
    {
      name: `100,000 x indexShuffle, n = ${name}`,
      node: () => collected(start, INDICES, (index) => indexShuffle(index, SEED, n)),
      python: ["shuffled indices", start, INDICES, SEED, n],
    },
    {
      name: `100,000 x Grain's form, n = ${name}`,
      node: () =>
        collected(start, INDICES, (index) => grainIndexShuffle(index, { maxIndex: n - 1, seed: SEED })),
      python: ["shuffled indices", start, INDICES, SEED, n],
    },
    {
      name: `100,000 x ShuffleSampler.next, n = ${name}`,
      node: () => {
        const sampler = resumedSampler(n, start);
        return collected(start, INDICES, () => sampler.next().value);
      },
      python: ["shuffled indices", start, INDICES, SEED, n],
    },
  ]),
  {
    name: "10^6 random bits",
    node: () => bits(key(SEED), MILLION),
    python: ["random bits", SEED, MILLION],
  },
  {
    name: "permutation of 10^5",
    node: () => permutation(key(SEED), 100_000),
    python: ["permutation", SEED, 100_000],
  },
  {
    name: "RandomState shuffle of 10^5",
    node: () => randomStateOrder(SEED, 100_000),
    python: ["legacy shuffle", SEED, 100_000],
  },
  {
    name: "1000 keys of a stream from 10^9",
    node: () => {
      const stream = new Rngs(SEED).stream();
      stream.count = BILLION;
      return Array.from({ length: 1000 }, () => stream.next()).flat();
    },
    python: ["stream keys", SEED, BILLION, 1000],
  },
];

/** CRC-32 of the numbers as little-endian float64. */
function digest(values) {
  return crc32(new Uint8Array(Float64Array.from(values).buffer));
}

const milliseconds = (seconds) => `${(seconds * 1000).toFixed(2)} ms`;

const { ask, stop } = startPython("streams_server.py");
try {
  const times = cases.map(() => ({ node: [], python: [] }));
  for (let round = 0; round <= rounds; round++) {
    for (const [index, { name, node, python }] of cases.entries()) {
      const answer = await ask({ case: python[0], args: python.slice(1) });
      const start = performance.now();
      const values = node();
      const seconds = (performance.now() - start) / 1000;
      assert.equal(digest(values), answer.digest, `${name}: other numbers than Python's`);
      if (round === 0) continue; // warms both up
      times[index].python.push(answer.seconds);
      times[index].node.push(seconds);
    }
  }

  console.log(`Node ${process.version}, ${rounds} rounds, medians`);
  for (const [index, { name }] of cases.entries()) {
    const node = median(times[index].node);
    const python = median(times[index].python);
    console.log(
      [
        name.padEnd(46),
        `Python ${milliseconds(python)}`.padStart(18),
        `Node ${milliseconds(node)}`.padStart(16),
        `${(python / node).toFixed(2)} x`.padStart(10),
      ].join("  "),
    );
  }
  console.log("what was timed was equal on both sides");
} finally {
  stop();
}
