import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { unpackArchive } from "../archive.js";

const FIXTURES = fileURLToPath(new URL("../../fixtures/", import.meta.url));

/** Path of a checkpoint that Orbax wrote. */
export function orbaxFixture(name: string): string {
  return join(FIXTURES, "orbax", name);
}

/** What Python finds in it (fixtures/orbax/README.md). */
export function orbaxExpected(name: string) {
  return JSON.parse(readFileSync(join(FIXTURES, "orbax", `${name}.expected.json`), "utf8"));
}

/** Path of a file of another format. */
export function fixture(folder: "flax" | "safetensors", file: string): string {
  return join(FIXTURES, folder, file);
}

/** What Python restores from it (README.md beside it). */
export function expectedOf(folder: "flax" | "safetensors", name: string) {
  return JSON.parse(readFileSync(join(FIXTURES, folder, `${name}.expected.json`), "utf8"));
}

/** Names of the base directories that Datarax wrote. */
export function dataraxNames(): string[] {
  const suffix = ".tar.gz";
  return readdirSync(join(FIXTURES, "datarax")).flatMap((file) =>
    file.endsWith(suffix) ? [file.slice(0, -suffix.length)] : [],
  );
}

/** Unpacks all of them below `directory`, one folder each. */
export function unpackDatarax(directory: string): void {
  for (const name of dataraxNames()) {
    unpackArchive(join(FIXTURES, "datarax", `${name}.tar.gz`), directory);
  }
}

/** What Python restores from it (fixtures/datarax/README.md). */
export function dataraxExpected(name: string) {
  return JSON.parse(readFileSync(join(FIXTURES, "datarax", `${name}.expected.json`), "utf8"));
}

/** A new directory, removed when the test ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "orbax-ts-cli-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A new directory with these files, removed when the test ends. */
export function directoryOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const directory = temporaryDirectory();
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), content);
  }
  return directory;
}

/** `_METADATA` of a tree whose leaves are top-level arrays in files, missing chunks being the fill value. */
export function treeOfArrays(names: readonly string[], extra: object = {}): string {
  const entries = names.map((name) => [
    `('${name}',)`,
    {
      key_metadata: [{ key: name, key_type: 2 }],
      value_metadata: { value_type: "np.ndarray", skip_deserialize: false },
    },
  ]);
  return JSON.stringify({ tree_metadata: Object.fromEntries(entries), use_ocdbt: false, ...extra });
}

/**
 * Files of a tree of arrays, by key paths joined with ` > `, an index behind `#`: the shape of each, and what its `.zarray` has that is
 * unusual. Its chunks are missing.
 */
export function treeFiles(
  leaves: Readonly<Record<string, readonly [shape: readonly number[], changes?: object]>>,
): Record<string, string> {
  const files: Record<string, string> = {};
  const entries = Object.entries(leaves).map(([key, [shape, changes]], index) => {
    const path = key.split(" > ");
    files[`${path.join(".").replaceAll("#", "")}/.zarray`] = zarray(shape, changes);
    const keyMetadata = path.map((part) => {
      return part.startsWith("#") ? { key: part.slice(1), key_type: 1 } : { key: part, key_type: 2 };
    });
    const valueMetadata = { value_type: "np.ndarray", skip_deserialize: false };
    return [String(index), { key_metadata: keyMetadata, value_metadata: valueMetadata }];
  });
  files["_METADATA"] = JSON.stringify({ tree_metadata: Object.fromEntries(entries), use_ocdbt: false });
  return files;
}

/** Unpacks a checkpoint that a release of Orbax wrote into a directory that is removed when the test ends. */
export function releaseFixture(release: string, name: string): string {
  const directory = temporaryDirectory();
  unpackArchive(join(FIXTURES, "releases", release, `${name}.tar.gz`), directory);
  return directory;
}

/** `.zarray` of uint8, uncompressed. */
export function zarray(shape: readonly number[], changes: object = {}): string {
  const chunks = shape.map((size) => Math.max(1, size));
  return JSON.stringify({
    zarr_format: 2,
    shape,
    chunks,
    dtype: "|u1",
    compressor: null,
    fill_value: 7,
    order: "C",
    filters: null,
    ...changes,
  });
}
