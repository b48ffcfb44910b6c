// Builds dist/ from src/: `npm run build`.
//
// The library stays one file a module (ESM, declarations, source maps), so that a bundler takes only what it
// needs. The command line becomes one file: loading fifty small modules costs a Node process about as much
// time as its own start. npm packages stay outside that file, each loaded by import() when it is first needed.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const CLI_SOURCE = "src/cli/main.ts";
const CLI_FILE = "dist/cli.js";
const SHEBANG = "#!/usr/bin/env node";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
rmSync("dist", { recursive: true, force: true });

const tsc = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], {
  stdio: "inherit",
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

if (existsSync(CLI_SOURCE)) {
  const hasShebang = readFileSync(CLI_SOURCE, "utf8").startsWith("#!"); // esbuild keeps it
  await build({
    entryPoints: [CLI_SOURCE],
    outfile: CLI_FILE,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    packages: "external",
    conditions: ["orbax-ts-source"], // `#local-storage` and its like: the variants for Node, from src
    banner: hasShebang ? {} : { js: SHEBANG },
    logLevel: "warning",
  });
  chmodSync(CLI_FILE, 0o755);
}
