import { writeSync } from "node:fs";
import { join } from "node:path";
import { save } from "../../src/checkpoint/save/save.js";
import { IteratorCheckpoint } from "../../src/datarax/iterator-checkpoint.js";
import { isOrbaxError } from "../../src/errors.js";
import { contentOf, KEEP, workOf } from "./kill-work.js";

/**
 * Saves one version after another below a folder. Says on stdout which save has ended, or the code of what it failed
 * with. The test bundles it and kills it: `node kill-child.cjs FOLDER FIRST_VERSION LAST_VERSION`.
 */
async function saveVersions(folder: string, first: number, last: number): Promise<void> {
  const checkpoints = new IteratorCheckpoint(join(folder, "stream"));
  writeSync(1, "ready\n");
  for (let version = first; version <= last; version++) {
    try {
      await saveVersion(folder, checkpoints, version);
      writeSync(1, `${version}\n`);
    } catch (error) {
      if (!isOrbaxError(error)) throw error;
      writeSync(1, `${error.code}\n`);
    }
  }
}

async function saveVersion(folder: string, checkpoints: IteratorCheckpoint, version: number): Promise<void> {
  const work = workOf(version);
  const content = contentOf(version);
  if (work.target === "tree") {
    await save(join(folder, "trees", work.name), content, { overwrite: true });
    return;
  }
  const iterator = {
    next: () => ({ done: true as const, value: undefined }),
    getState: () => content,
    setState: () => undefined,
  };
  await checkpoints.saveToDirectory(iterator, { step: work.step, keep: KEEP, overwrite: true });
}

const [folder = "", first, last] = process.argv.slice(2);
saveVersions(folder, Number(first), Number(last)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
