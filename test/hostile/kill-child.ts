import { writeSync } from "node:fs";
import { join } from "node:path";
import { save } from "../../src/checkpoint/save.js";
import { IteratorCheckpoint } from "../../src/datarax/iterator-checkpoint.js";
import { contentOf, KEEP, workOf } from "./kill-work.js";

/**
 * Saves one version after another below a folder, and says so on stdout after each save that has ended. The test
 * bundles it and kills it: `node kill-child.cjs FOLDER FIRST_VERSION LAST_VERSION`.
 */
async function saveVersions(folder: string, first: number, last: number): Promise<void> {
  const checkpoints = new IteratorCheckpoint(join(folder, "stream"));
  writeSync(1, "ready\n");
  for (let version = first; version <= last; version++) {
    const work = workOf(version);
    const content = contentOf(version);
    if (work.target === "tree") {
      await save(join(folder, "trees", work.name), content, { overwrite: true });
    } else {
      const iterator = {
        next: () => ({ done: true as const, value: undefined }),
        getState: () => content,
        setState: () => undefined,
      };
      await checkpoints.saveToDirectory(iterator, { step: work.step, keep: KEEP, overwrite: true });
    }
    writeSync(1, `${version}\n`);
  }
}

const [folder = "", first, last] = process.argv.slice(2);
saveVersions(folder, Number(first), Number(last)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
