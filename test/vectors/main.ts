// `npm run -s check:vectors -- VECTORS_DIR [CHECKPOINTS_DIR]`: scripts/check-vectors.mjs bundles this and runs it.
import { checkpointTests } from "./checkpoints.js";
import { runVectorTests } from "./run.js";
import { vectorTests } from "./vector-files.js";

const [vectors, checkpoints] = process.argv.slice(2);
if (vectors === undefined) {
  process.stderr.write("usage: npm run -s check:vectors -- VECTORS_DIR [CHECKPOINTS_DIR]\n");
  process.exit(2);
}
const write = (line: string) => process.stdout.write(`${line}\n`);
const packed = checkpoints === undefined ? undefined : await checkpointTests(checkpoints);
try {
  const tests = [...vectorTests(vectors), ...(packed?.tests ?? [])];
  const { passed, failed, skipped } = await runVectorTests(tests, write);
  write(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  await packed?.remove();
}
