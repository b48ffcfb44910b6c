import { readFileSync } from "node:fs";
import { type ArrayMetadata, decodeZarray } from "../../src/zarr/metadata.js";

/** An array as TensorStore stored it and read it back (scripts/make-zarr-fixtures.py). */
export type FixtureArray = {
  readonly name: string;
  /** Text of `.zarray`. */
  readonly zarray: string;
  /** Hexadecimal chunks by key. */
  readonly chunks: { readonly [key: string]: string };
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Hexadecimal little-endian elements in C order. */
  readonly data: string;
};

const file = new URL("../../fixtures/zarr/arrays.json", import.meta.url);

/** `written`: the metadata is TensorStore's own. `read`: it is made by hand. */
export const fixtureArrays: {
  readonly written: readonly FixtureArray[];
  readonly read: readonly FixtureArray[];
} = JSON.parse(readFileSync(file, "utf8"));

export const allFixtureArrays: readonly FixtureArray[] = [...fixtureArrays.written, ...fixtureArrays.read];

export function fixtureNamed(name: string): FixtureArray {
  const found = allFixtureArrays.find((fixture) => fixture.name === name);
  if (found === undefined) throw new Error(`no fixture ${name}`);
  return found;
}

export function metadataOf(fixture: FixtureArray): ArrayMetadata {
  return decodeZarray(new TextEncoder().encode(fixture.zarray), ".zarray");
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
