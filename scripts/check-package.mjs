// Checks what would be published: `npm run check:package`, after `npm run build`.
//
// Packs the package, unpacks it where nothing else of this repository is, and uses it from there: by the rules
// of publint, from Node, from TypeScript, from a browser bundle, from the shell.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const repository = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));
const entries = Object.keys(manifest.exports)
  .filter((subpath) => subpath !== "./package.json")
  .map((subpath) => manifest.name + subpath.slice(1));
/** Entries that are for Node by their nature. */
const nodeEntries = [`${manifest.name}/storage/local`];

/** Runs a program to its end. @returns its output. @throws {Error} with all that it printed, if it fails. */
function run(program, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: exit code ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** Makes a project in `folder` whose only package of its own is the packed one. */
function installPacked(folder) {
  const packArgs = ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder];
  const tarball = join(folder, run("npm", packArgs, repository).trim());
  const installed = join(folder, "node_modules", manifest.name);
  mkdirSync(installed, { recursive: true });
  run("tar", ["-xzf", tarball, "--strip-components=1", "-C", installed], folder);
  for (const name of [...Object.keys(manifest.dependencies), "@types/node"]) {
    const link = join(folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(repository, "node_modules", name), link, "dir");
  }
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
}

async function checkPublint(folder) {
  const pkgDir = join(folder, "node_modules", manifest.name);
  const { messages, pkg } = await publint({ pkgDir, pack: false, strict: true });
  if (messages.length > 0) throw new Error(messages.map((message) => formatMessage(message, pkg)).join("\n"));
}

/** Every entry loads in plain Node: so do the modules behind `#…`, through the `default` condition. */
function checkNode(folder) {
  const code = `
    for (const entry of ${JSON.stringify(entries)}) {
      if (Object.keys(await import(entry)).length === 0) throw new Error(entry + ": exports nothing");
    }`;
  writeFileSync(join(folder, "entries.mjs"), code);
  run(process.execPath, ["entries.mjs"], folder);
}

/** Every entry has types, for Node's and for a bundler's way to find modules. Other packages' are their own. */
function checkTypes(folder) {
  const code = entries.map((entry, index) => `export * as entry${index} from "${entry}";\n`).join("");
  writeFileSync(join(folder, "types.ts"), code);
  const tsc = join(repository, "node_modules/typescript/bin/tsc");
  const flags = ["--ignoreConfig", "--noEmit", "--strict", "--target", "ES2022", "--types", "node"];
  const lib = ["--lib", "ES2023,DOM,DOM.AsyncIterable,ESNext.Disposable"];
  for (const [module, resolution] of [
    ["NodeNext", "NodeNext"],
    ["ESNext", "Bundler"],
  ]) {
    const modules = ["--module", module, "--moduleResolution", resolution];
    const { stdout } = spawnSync(process.execPath, [tsc, ...flags, ...lib, ...modules, "types.ts"], {
      cwd: folder,
      encoding: "utf8",
    });
    const ours = stdout.split("\n").filter((line) => /^(error|types\.ts|node_modules)\b/.test(line)); // others: ../
    if (ours.length > 0) throw new Error(`with module ${module}:\n${ours.join("\n")}`);
  }
}

/** A bundle for browsers contains no module of Node: esbuild refuses what it cannot resolve. */
async function checkBrowser(folder) {
  for (const entry of entries.filter((name) => !nodeEntries.includes(name))) {
    await build({
      stdin: { contents: `export * from "${entry}";`, resolveDir: folder },
      bundle: true,
      platform: "browser",
      format: "esm",
      target: "es2022",
      write: false,
      logLevel: "silent",
    });
  }
}

/** The command line starts, and loads nothing but Node's own modules to do so. */
async function checkCommandLine(folder) {
  const installed = join(folder, "node_modules", manifest.name);
  const cli = join(installed, manifest.bin[manifest.name]);
  const { metafile } = await build({
    entryPoints: [cli],
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    metafile: true,
    write: false,
  });
  const loaded = Object.values(metafile.inputs).flatMap((input) => input.imports);
  const atStart = loaded.filter(({ path, kind }) => {
    return kind === "import-statement" && !path.startsWith("node:") && !builtinModules.includes(path);
  });
  if (atStart.length > 0) throw new Error(`loaded at start: ${atStart.map(({ path }) => path).join(", ")}`);
  if (!run(process.execPath, [cli, "--help"], folder).includes(manifest.name)) {
    throw new Error("--help does not name the program");
  }
}

/** Every command does its work on real data, and fails as it should. */
function checkCommands(folder) {
  const cli = join(folder, "node_modules", manifest.name, manifest.bin[manifest.name]);
  const data = join(folder, "data");
  mkdirSync(data);
  run("tar", ["-xzf", join(repository, "fixtures/datarax/shuffle_sampler.tar.gz"), "-C", data], folder);
  const orbaxTs = (...args) => spawnSync(process.execPath, [cli, ...args], { cwd: data, encoding: "utf8" });
  for (const { args, expected } of [
    { args: ["ls", "shuffle_sampler", "--json"], expected: '{"step":40,"dir":"ckpt-40","kind":"pytree"}' },
    { args: ["show", "shuffle_sampler", "--step", "17"], expected: "dataset_size     int64" },
    {
      args: ["dump", "--json", "shuffle_sampler"],
      expected: '"kind":"array","dtype":"int32","shape":[],"sha256":"',
    },
    { args: ["state", "shuffle_sampler", "--step=17", "--json"], expected: '"position":17' },
    { args: ["kv", "ls", "shuffle_sampler/ckpt-17", "--hash"], expected: "  sampler_state.seed/0\n" },
  ]) {
    const { status, stdout, stderr } = orbaxTs(...args);
    if (status !== 0 || stderr !== "" || !stdout.includes(expected)) {
      throw new Error(`orbax-ts ${args.join(" ")}: exit code ${status}\n${stdout}${stderr}`);
    }
  }
  const { status, stdout, stderr } = orbaxTs("show", "shuffle_sampler", "--step", "18");
  const line = "orbax-ts: shuffle_sampler: no step 18\n";
  if (status !== 2 || stdout !== "" || stderr !== line) {
    throw new Error(`a step that is not there: exit code ${status}\n${stdout}${stderr}`);
  }
  checkClosedPipe(cli, data);
}

/** A reader that goes away, as `| head` does, ends the program without a word. */
function checkClosedPipe(cli, cwd) {
  if (process.platform === "win32") return;
  const pipe = '{ "$0" "$@" 2>errors; echo $? >status; } | true';
  run("sh", ["-c", pipe, process.execPath, cli, "state", "shuffle_sampler"], cwd);
  const status = readFileSync(join(cwd, "status"), "utf8");
  const errors = readFileSync(join(cwd, "errors"), "utf8");
  if (status !== "0\n" || errors !== "") throw new Error(`| true: exit code ${status}${errors}`);
}

const steps = {
  "publint is content": checkPublint,
  "every entry loads in Node": checkNode,
  "every entry has types": checkTypes,
  "every entry bundles for a browser": checkBrowser,
  "the command line starts alone": checkCommandLine,
  "every command works": checkCommands,
};

const folder = mkdtempSync(join(tmpdir(), "orbax-ts-package-"));
let failed = 0;
try {
  installPacked(folder);
  for (const [name, step] of Object.entries(steps)) {
    try {
      await step(folder);
      console.log(`ok    ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`fail  ${name}\n${error instanceof Error ? error.message : String(error)}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;
