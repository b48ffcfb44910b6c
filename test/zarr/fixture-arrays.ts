import { readFileSync } from "node:fs";
import { decodeArrayDocument } from "../../src/zarr/array-document.js";
import type { ArrayMetadata } from "../../src/zarr/metadata.js";

/** An array as TensorStore stored it and read it back (scripts/make-zarr-fixtures.py). */
export type FixtureArray = {
  readonly zarr: 2 | 3;
  readonly name: string;
  /** Text of `.zarray` or `zarr.json`. */
  readonly document: string;
  /** Hexadecimal chunks by key. */
  readonly chunks: { readonly [key: string]: string };
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Hexadecimal little-endian elements in C order. */
  readonly data: string;
};

type Fixtures = {
  /** The metadata is TensorStore's own. */
  readonly written: readonly FixtureArray[];
  /** It is made by hand, and so are some chunks. */
  readonly read: readonly FixtureArray[];
};

function readFixtures(file: string, zarr: 2 | 3): Fixtures {
  const url = new URL(`../../fixtures/zarr/${file}`, import.meta.url);
  const { written, read }: Fixtures = JSON.parse(readFileSync(url, "utf8"));
  const named = (fixture: FixtureArray): FixtureArray => ({
    ...fixture,
    zarr,
    name: zarr === 2 ? fixture.name : `v3: ${fixture.name}`,
  });
  return { written: written.map(named), read: read.map(named) };
}

/** Arrays in zarr v2. */
export const fixtureArrays: Fixtures = readFixtures("arrays.json", 2);

/** Arrays in zarr v3; their names begin with `v3: `. */
export const fixtureArrays3: Fixtures = readFixtures("arrays3.json", 3);

export const allFixtureArrays: readonly FixtureArray[] = [
  ...fixtureArrays.written,
  ...fixtureArrays.read,
  ...fixtureArrays3.written,
  ...fixtureArrays3.read,
];

export function fixtureNamed(name: string): FixtureArray {
  const found = allFixtureArrays.find((fixture) => fixture.name === name);
  if (found === undefined) throw new Error(`no fixture ${name}`);
  return found;
}

export function metadataOf({ document, zarr }: FixtureArray): ArrayMetadata {
  return decodeArrayDocument(new TextEncoder().encode(document), "document", undefined, zarr);
}

export function chunkOf(fixture: FixtureArray, key: string): Uint8Array | undefined {
  const hex = fixture.chunks[key];
  return hex === undefined ? undefined : fromHex(hex);
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
