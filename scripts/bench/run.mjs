// Times this package against Python's Orbax and Datarax: `npm run bench -- [rounds]`, after `npm run build` and
// `bash scripts/oracle/make.sh`.
//
// Both work on the same trees and the same disk, in turn, in one run: only the ratios mean anything. Node makes every
// file durable (fsync), Python does not. What was timed is compared at the end; a difference is an error.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load, ndarray, save } from "orbax-ts";
import { formatTaggedJson, IteratorCheckpoint, readState, ShuffleSampler } from "orbax-ts/datarax";
import { median, startPython } from "./python.mjs";

const rounds = Number(process.argv[2] ?? 9);

const server = startPython("server.py");
const ask = async (name, directory, ...args) => server.ask({ case: name, directory, args });

const leaves = (count, length) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => {
      const w = Float32Array.from({ length }, (_, element) => index + element);
      return [`layer_${index}`, { w: ndarray("float32", [length], w) }];
    }),
  );

const sampler = () => new ShuffleSampler({ datasetSize: 50_000, seed: 1234 });

/** Turns in a row of a short case: a training loop saves and restores in a process that is warm. */
const STATE_TURNS = 5;

/** A case: how each side does its turn number `turn`, below its own directory. */
const cases = [
  {
    name: "state save",
    node: (directory, turn) => new IteratorCheckpoint(directory).saveToDirectory(sampler(), { step: turn }),
    python: (ask, directory, turn) => ask("state save", directory, turn),
    of: "state",
    turns: STATE_TURNS,
  },
  {
    name: "state restore",
    node: (directory) => new IteratorCheckpoint(directory).restore(sampler()),
    python: (ask, directory) => ask("state restore", directory),
    of: "state",
    turns: STATE_TURNS,
  },
  ...[
    [10, 16],
    [1000, 16],
    [1000, 1024],
  ].flatMap(([count, length]) => {
    const tree = leaves(count, length); // made before the clock starts, as Python's is from its second round on
    const of = `tree-${count}-${length}`;
    return [
      {
        name: `${count} leaves of ${length} float32, save`,
        node: (directory) => save(directory, tree, { overwrite: true }),
        python: (ask, directory) => ask("tree save", directory, count, length),
        of,
      },
      {
        name: `${count} leaves of ${length} float32, load`,
        node: (directory) => load(directory),
        python: (ask, directory) => ask("tree load", directory, count, length),
        of,
      },
    ];
  }),
];

/** A state as text. Python's counters are jax.Arrays, ours NumPy arrays of the same dtype and value. */
const tagged = (state) =>
  JSON.stringify(formatTaggedJson(state)).replaceAll('"kind":"jax"', '"kind":"numpy"');

const milliseconds = (seconds) => `${(seconds * 1000).toFixed(1)} ms`;

const folder = mkdtempSync(join(tmpdir(), "orbax-ts-bench-"));
try {
  const times = cases.map(() => ({ node: [], python: [] }));
  for (let round = 0; round <= rounds; round++) {
    for (const [index, { node, python, of, turns = 1 }] of cases.entries()) {
      const turnsOfRound = Array.from({ length: turns }, (_, count) => round * turns + count);
      for (const turn of turnsOfRound) {
        const { seconds } = await python(ask, join(folder, "python", of), turn);
        if (round > 0) times[index].python.push(seconds); // the first round warms both up
      }
      for (const turn of turnsOfRound) {
        const start = performance.now();
        await node(join(folder, "node", of), turn);
        if (round > 0) times[index].node.push((performance.now() - start) / 1000);
      }
    }
  }

  const states = await Promise.all(["node", "python"].map((side) => readState(join(folder, side, "state"))));
  assert.equal(tagged(states[0].state), tagged(states[1].state));
  for (const of of new Set(cases.map((one) => one.of).filter((name) => name.startsWith("tree")))) {
    const digests = [];
    for (const side of ["node", "python"])
      digests.push((await ask("tree digest", join(folder, side, of))).value);
    assert.deepEqual(digests[0], digests[1]);
  }

  console.log(`Node ${process.version}, ${rounds} rounds, medians`);
  for (const [index, { name }] of cases.entries()) {
    const { node, python } = times[index];
    const ratio = median(python) / median(node);
    const row = [name.padEnd(36), `Python ${milliseconds(median(python))}`.padStart(18)];
    console.log(
      [...row, `Node ${milliseconds(median(node))}`.padStart(16), `${ratio.toFixed(1)} x`.padStart(9)].join(
        "  ",
      ),
    );
  }
  console.log("what was timed was equal on both sides");
} finally {
  server.stop();
  rmSync(folder, { recursive: true, force: true });
}
