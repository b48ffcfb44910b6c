// The main job on a checkpoint that Python saved: restore its stream, go on, save, look at the result.
//
//   npm run resume
//
// A Datarax process saved fixtures/datarax/shuffle_sampler.tar.gz after 17 elements of
// ShuffleSampler(dataset_size=50, seed=1234); shuffle_sampler.expected.json holds what Python itself yields next.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { IteratorCheckpoint, ShuffleSampler } from "orbax-ts/datarax";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "orbax-ts-resume-"));
const newSampler = () => new ShuffleSampler({ datasetSize: 50, seed: 1234 });
const take = (stream, count) => Array.from({ length: count }, () => stream.next().value);

try {
  execFileSync("tar", ["-xzf", join(root, "fixtures/datarax/shuffle_sampler.tar.gz"), "-C", folder]);
  const checkpoints = new IteratorCheckpoint(join(folder, "shuffle_sampler"));

  console.log("steps that Python saved:", [...(await checkpoints.listCheckpoints()).keys()].join(", "));
  const sampler = await checkpoints.restore(newSampler(), { step: 17 });
  const elements = take(sampler, 10);
  console.log("step 17 goes on with:   ", elements.join(", "));

  const { restore } = JSON.parse(
    readFileSync(join(root, "fixtures/datarax/shuffle_sampler.expected.json"), "utf8"),
  );
  assert.deepEqual(elements, restore.find(({ step }) => step === 17).next.slice(0, 10));
  console.log("                         the same as in Python");

  await checkpoints.saveToDirectory(sampler, { step: 27, keep: 0, metadata: { savedBy: "node" } });
  const later = await checkpoints.restore(newSampler(), { step: 27 });
  console.log("saved as step 27, which goes on with:", take(later, 5).join(", "));

  const show = (...args) => {
    console.log(`\n$ orbax-ts ${args.join(" ")}`);
    process.stdout.write(
      execFileSync(process.execPath, [join(root, "dist/cli.js"), ...args], { cwd: folder }),
    );
  };
  show("ls", "shuffle_sampler");
  show("state", "shuffle_sampler", "--step", "27", "--json");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
