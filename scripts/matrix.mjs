/**
 * `npm run matrix [-- --write] [-- --results FILE]`: what of each Orbax release opens, as Markdown.
 *
 * Runs the tests over fixtures/releases (or takes the file that `vitest --reporter=json` wrote) and counts, for each
 * fixture, its tests that passed. A cell is `passed/all` where some failed, `✓ n` where all n passed, empty where
 * there is no fixture: the release could not write it. `--write` puts the table into docs/matrix.md. Exit code 1 if a
 * test failed.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FIXTURES = join(ROOT, "fixtures", "releases");
const TABLE = join(ROOT, "docs", "matrix.md");

/** @returns {number} the exit code */
function main(args) {
  const given = args.indexOf("--results");
  const tests = readTests(given < 0 ? runTests() : args[given + 1]);
  const fixtures = readFixtures(tests);
  const text = document(fixtures);
  if (args.includes("--write")) writeFileSync(TABLE, text);
  else process.stdout.write(text);
  const failed = fixtures.some(({ passed, all }) => passed < all);
  return failed ? 1 : 0;
}

/** Runs the tests; their exit code does not matter, the report does. */
function runTests() {
  const folder = mkdtempSync(join(tmpdir(), "orbax-ts-matrix-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "results.json");
  const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const arguments_ = [vitest, "run", "--project", "unit", "test/releases/fixtures.test.ts"];
  spawnSync(process.execPath, [...arguments_, "--reporter=json", `--outputFile=${file}`], {
    cwd: ROOT,
    stdio: "ignore",
  });
  return file;
}

/** Tests of each fixture, by `release/name`: how many there are, how many passed. */
function readTests(file) {
  const counts = new Map();
  for (const { assertionResults } of JSON.parse(readFileSync(file, "utf8")).testResults) {
    for (const { ancestorTitles, status } of assertionResults) {
      const [orbax = "", name] = ancestorTitles.slice(-2);
      const key = `${orbax.replace(/^Orbax /, "")}/${name}`;
      const count = counts.get(key) ?? { all: 0, passed: 0 };
      counts.set(key, { all: count.all + 1, passed: count.passed + (status === "passed" ? 1 : 0) });
    }
  }
  return counts;
}

/** Every fixture with its axes and the counts of its tests; one without a result counts as failed. */
function readFixtures(tests) {
  return releaseNames().flatMap((release) =>
    readdirSync(join(FIXTURES, release))
      .filter((file) => file.endsWith(".expected.json"))
      .sort()
      .map((file) => {
        const name = file.slice(0, -".expected.json".length);
        const { axes } = JSON.parse(readFileSync(join(FIXTURES, release, file), "utf8"));
        const { all, passed } = tests.get(`${release}/${name}`) ?? { all: 1, passed: 0 };
        return { release, name, axes, all, passed };
      }),
  );
}

/** Newest first. */
function releaseNames() {
  const folders = readdirSync(FIXTURES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => name).sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
}

function document(fixtures) {
  const all = fixtures.reduce((sum, fixture) => sum + fixture.all, 0);
  const passed = fixtures.reduce((sum, fixture) => sum + fixture.passed, 0);
  return `${[
    "# What opens",
    "Made by `npm run matrix -- --write` from the tests over `fixtures/releases`: checkpoints that Orbax itself wrote at these releases, each compared leaf " +
      "by leaf (path, kind, dtype, shape, SHA-256 of all elements) with what the same release restores. " +
      `\`✓ n\`: all n checks pass. Empty: that release cannot write it. ${fixtures.length} checkpoints, ${passed} of ${all} checks pass.`,
    "## By layout",
    table(fixtures, ({ axes }) => layoutName(axes)),
    "## By dtype",
    "In every layout in which the release can store the dtype, as NumPy and as JAX array; the number counts the layouts.",
    table(dtypeFixtures(fixtures), ({ dtype }) => dtype),
    "## By what saved it",
    table(fixtures, ({ axes }) => `\`${axes.saver}\``),
    "## By checkpoint",
    table(fixtures, ({ name, axes }) => `${name}${axes.shows ? ` (${axes.shows})` : ""}`),
    ...failures(fixtures),
  ].join("\n\n")}\n`;
}

function layoutName({ layout, zarr, compression }) {
  const raw = compression === false ? ", uncompressed" : "";
  const version = zarr === null || layout === "aggregate" || layout === "items" ? "" : `, zarr v${zarr}`;
  return `${layout === "ocdbt" ? "OCDBT" : layout}${version}${raw}`;
}

/** A row for each dtype of each fixture that has them. */
function dtypeFixtures(fixtures) {
  return fixtures.flatMap(({ release, axes, all, passed }) =>
    (axes.dtypes ?? []).map((dtype) => ({ release, dtype, all: 1, passed: passed === all ? 1 : 0 })),
  );
}

/** Rows by what `rowOf` says, sorted; a column a release. */
function table(fixtures, rowOf) {
  const columns = [...new Set(fixtures.map(({ release }) => release))];
  const rows = new Map();
  for (const fixture of fixtures) {
    const cells = rows.get(rowOf(fixture)) ?? new Map();
    const { all, passed } = cells.get(fixture.release) ?? { all: 0, passed: 0 };
    cells.set(fixture.release, { all: all + fixture.all, passed: passed + fixture.passed });
    rows.set(rowOf(fixture), cells);
  }
  const sorted = [...rows].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
  const texts = sorted.map(([name, cells]) =>
    [name].concat(columns.map((column) => cellText(cells.get(column)))),
  );
  const ruler = ["---"].concat(columns.map(() => "---"));
  return [[""].concat(columns), ruler, ...texts].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function cellText(cell) {
  if (cell === undefined) return "";
  return cell.passed === cell.all ? `✓ ${cell.all}` : `${cell.passed}/${cell.all}`;
}

function failures(fixtures) {
  const lines = fixtures.flatMap(({ release, name, all, passed }) =>
    passed < all ? [`- ${release} ${name}: ${all - passed} of ${all} fail`] : [],
  );
  return lines.length === 0 ? [] : ["## What fails", lines.join("\n")];
}

process.exitCode = main(process.argv.slice(2));
