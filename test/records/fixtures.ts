import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { MemoryStorage } from "../../src/storage/memory.js";

const FOLDER = fileURLToPath(new URL("../../fixtures/records/", import.meta.url));

/** Run lengths of the records' lengths, and the SHA-256 of the records joined. */
export type Told = { readonly lengths: readonly (readonly [number, number])[]; readonly sha256: string };

type Expected = {
  readonly array_record: Readonly<
    Record<string, Told & { readonly length: number; readonly writer_options: string }>
  >;
  readonly tfrecord: Readonly<Record<string, Told>>;
};

/** What the real libraries read from the files of fixtures/records. */
export const EXPECTED: Expected = JSON.parse(readFileSync(`${FOLDER}expected.json`, "utf8"));

/** A file of fixtures/records; one of ArrayRecord unpacked. */
export function recordFixture(name: string): Uint8Array {
  return name.endsWith(".array_record")
    ? new Uint8Array(gunzipSync(readFileSync(`${FOLDER}${name}.gz`)))
    : new Uint8Array(readFileSync(FOLDER + name));
}

/** All files of fixtures/records, as a storage. */
export function recordStorage(): MemoryStorage {
  const names = readdirSync(FOLDER).map((name) => name.replace(/\.gz$/, ""));
  return new MemoryStorage(names.map((name) => [`/${name}`, recordFixture(name)] as const));
}

/** Records as `expected.json` tells them. */
export function told(records: readonly Uint8Array[]): Told {
  const lengths: [number, number][] = [];
  const hash = createHash("sha256");
  for (const record of records) {
    hash.update(record);
    const last = lengths.at(-1);
    if (last?.[0] === record.length) last[1]++;
    else lengths.push([record.length, 1]);
  }
  return { lengths, sha256: hash.digest("hex") };
}

/** All elements of an iteration. */
export async function collect<T>(elements: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const element of elements) list.push(element);
  return list;
}
