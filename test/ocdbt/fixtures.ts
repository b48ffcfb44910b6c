import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { OcdbtDatabase } from "../../src/ocdbt/reader.js";
import type { ValueRequest } from "../../src/ocdbt/value-reader.js";
import { toHex } from "./bytes.js";

const FOLDER = new URL("../../fixtures/ocdbt/", import.meta.url);

/** A key with its value as TensorStore and `kv ls --hash` show it. */
export type Listed = { readonly key: string; readonly length: number; readonly sha256: string };

/** What TensorStore finds in a database (fixtures/ocdbt/README.md). */
export type Expected = {
  readonly versions: readonly {
    readonly generation: number;
    readonly commit_time: string;
    readonly root_height: number;
    readonly num_keys: number;
    readonly num_tree_bytes: number;
    readonly num_indirect_value_bytes: number;
  }[];
  readonly newest: readonly Listed[];
  readonly generations: Readonly<Record<string, readonly Listed[]>>;
};

/** The versions of a database, as TensorStore dumps them. */
export async function versionsOf(database: OcdbtDatabase): Promise<Expected["versions"]> {
  const versions = [];
  for await (const version of database.versions()) {
    versions.push({
      generation: Number(version.generation),
      commit_time: String(version.commitTime),
      root_height: version.rootHeight,
      num_keys: Number(version.keys),
      num_tree_bytes: Number(version.treeBytes),
      num_indirect_value_bytes: Number(version.indirectValueBytes),
    });
  }
  return versions;
}

/** Names of the databases that TensorStore wrote. */
export function fixtureNames(): string[] {
  const entries = readdirSync(FOLDER, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

export function fixturePath(name: string): string {
  return fileURLToPath(new URL(name, FOLDER));
}

export function expectedOf(name: string): Expected {
  const text = readFileSync(new URL(`${name}.expected.json`, FOLDER), "utf8");
  return JSON.parse(text, (_, value: unknown) => (hasRuns(value) ? writtenOut(value) : value));
}

/** A long key is given by its runs: `[["61", 3], ["62", 1]]` is `aaab`. */
type KeyRuns = { readonly key_runs: readonly (readonly [byte: string, times: number])[] };

function hasRuns(value: unknown): value is KeyRuns {
  return typeof value === "object" && value !== null && "key_runs" in value;
}

function writtenOut({ key_runs: runs, ...rest }: KeyRuns) {
  return { key: runs.map(([byte, times]) => byte.repeat(times)).join(""), ...rest };
}

/** Lists a database with all of its values read and hashed. */
export async function listHashed(database: OcdbtDatabase): Promise<Listed[]> {
  const listed: Listed[] = [];
  const requests: ValueRequest[] = [];
  for await (const { key, value } of database.list()) {
    const index = listed.push({ key: toHex(key), length: 0, sha256: "" }) - 1;
    const receive = (bytes: Uint8Array) => {
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      listed[index] = { key: toHex(key), length: bytes.length, sha256 };
    };
    requests.push({ value, receive });
  }
  await database.readValues(requests);
  return listed;
}
