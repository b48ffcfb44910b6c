import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { MemoryStorage } from "../../src/storage/memory.js";

const RELEASES = fileURLToPath(new URL("../../fixtures/releases/", import.meta.url));
const ARCHIVE = ".tar.gz";

/** What one checkpoint of a release holds, told by the Python that wrote it (fixtures/releases). */
export type ReleaseFixture = {
  readonly release: string;
  readonly name: string;
  readonly dumps: readonly ExpectedDump[];
  readonly listings: readonly ExpectedListing[];
};

/** A dump of a path, or the text that its refusal must hold. */
export type ExpectedDump = {
  readonly path: string;
  readonly step: number | null;
  readonly item: string | null;
  readonly dump?: { readonly kind: string; readonly [field: string]: unknown };
  readonly refused?: string;
  /** Whether the dump is what is left of the checkpoint, which is refused otherwise. */
  readonly salvage?: boolean;
};

/** What `ls --json` prints of a path. */
export type ExpectedListing = { readonly path: string; readonly ls: unknown };

/** All of them, by release and name. */
export function releaseFixtures(): readonly ReleaseFixture[] {
  const releases = readdirSync(RELEASES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return releases.flatMap(({ name: release }) =>
    readdirSync(join(RELEASES, release)).flatMap((file) => {
      if (!file.endsWith(ARCHIVE)) return [];
      const name = file.slice(0, -ARCHIVE.length);
      const text = readFileSync(join(RELEASES, release, `${name}.expected.json`), "utf8");
      const { dumps = [], ls = [] } = JSON.parse(text);
      return [{ release, name, dumps, listings: ls }];
    }),
  );
}

/** The files of a fixture, unpacked into memory: to make some ten thousand on disk takes half a minute. */
export async function unpackRelease({ release, name }: ReleaseFixture): Promise<MemoryStorage> {
  const storage = new MemoryStorage();
  for (const { path, isDirectory, bytes } of entriesOf(
    gunzipSync(readFileSync(join(RELEASES, release, name + ARCHIVE))),
  )) {
    if (isDirectory) await storage.makeDirectory(`/${path}`);
    else await storage.set(`/${path}`, bytes);
  }
  return storage;
}

type TarEntry = { readonly path: string; readonly isDirectory: boolean; readonly bytes: Uint8Array };

const BLOCK = 512;

/** The entries of a tar archive as Python writes it: ustar, names that do not fit in a pax header before. */
function* entriesOf(archive: Uint8Array): Generator<TarEntry> {
  const text = (from: number, to: number) =>
    new TextDecoder().decode(archive.subarray(from, to)).replace(/\0.*$/s, "");
  let longPath: string | undefined;
  for (let at = 0; at + BLOCK <= archive.length && archive[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, at + 136), 8);
    const type = text(at + 156, at + 157);
    const bytes = archive.subarray(at + BLOCK, at + BLOCK + size);
    if (type === "x") {
      longPath = /\d+ path=([^\n]*)\n/.exec(new TextDecoder().decode(bytes))?.[1];
    } else {
      const prefix = text(at + 345, at + 500);
      const path = longPath ?? (prefix === "" ? "" : `${prefix}/`) + text(at, at + 100);
      longPath = undefined;
      yield { path: path.replace(/^\.\/|\/$/g, ""), isDirectory: type === "5", bytes };
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}
