import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unpackArchive } from "../archive.js";
import { exactJson } from "./exact-json.js";

const FIXTURES = fileURLToPath(new URL("../../fixtures/releases/", import.meta.url));
const SUFFIX = ".expected.json";

/** What one call of `dump` on a fixture must do (fixtures/releases/README.md). */
export type ExpectedDump = {
  readonly path: string;
  readonly step: number | null;
  readonly item: string | null;
  readonly salvage?: boolean;
  /** The object to be printed, with integers beyond 2^53 as {@link exactJson} gives them. */
  readonly dump?: unknown;
  /** In place of `dump`: a part of the line on stderr with which it must be refused. */
  readonly refused?: string;
};

/** The truth about one fixture. */
export type Expected = {
  readonly release: string;
  readonly axes: Readonly<Record<string, unknown>>;
  readonly dumps: readonly ExpectedDump[];
  readonly ls?: readonly { readonly path: string; readonly ls: unknown }[];
};

/** The releases that have fixtures, oldest first. */
export function releases(): string[] {
  const folders = readdirSync(FIXTURES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => name).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

/** Names of a release's fixtures. */
export function fixtureNames(release: string): string[] {
  return readdirSync(join(FIXTURES, release))
    .flatMap((file) => (file.endsWith(SUFFIX) ? [file.slice(0, -SUFFIX.length)] : []))
    .sort();
}

/** What Python found in a fixture when it was made. */
export function expectedOf(release: string, name: string): Expected {
  const text = readFileSync(join(FIXTURES, release, `${name}${SUFFIX}`), "utf8");
  const value = exactJson(text);
  if (!isExpected(value)) throw new Error(`${release}/${name}: not a truth`);
  return value;
}

/** Unpacks a fixture into `directory`. */
export function unpack(release: string, name: string, directory: string): void {
  unpackArchive(join(FIXTURES, release, `${name}.tar.gz`), directory);
}

function isExpected(value: unknown): value is Expected {
  return (
    typeof value === "object" &&
    value !== null &&
    "release" in value &&
    "axes" in value &&
    "dumps" in value &&
    Array.isArray(value.dumps)
  );
}
