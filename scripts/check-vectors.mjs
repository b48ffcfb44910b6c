// Runs this project against a directory of vector files and one of packed Datarax checkpoints, whose forms are in
// docs/spec/datarax.md section 9: `npm run -s check:vectors -- VECTORS_DIR [CHECKPOINTS_DIR]`.
//
// The tests themselves are in test/vectors/; they are bundled together with src/, so nothing has to be built before.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
// npm runs this in the root of the package, wherever it was called.
const directories = process.argv.slice(2).map((path) => resolve(process.env.INIT_CWD ?? ".", path));
// Beside the packages that it imports; a name of its own, as two may run at a time.
const bundle = join(root, `node_modules/.cache/orbax-ts/check-vectors-${process.pid}.mjs`);
try {
  await build({
    entryPoints: [join(root, "test/vectors/main.ts")],
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    packages: "external",
    conditions: ["orbax-ts-source"],
    logLevel: "warning",
  });
  const { status, error } = spawnSync(process.execPath, [bundle, ...directories], {
    stdio: "inherit",
  });
  if (error !== undefined) throw error;
  process.exitCode = status ?? 1;
} finally {
  rmSync(bundle, { force: true });
}
