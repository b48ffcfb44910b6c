import { dataLoss } from "../../errors.js";
import type { Limits } from "../../limits.js";
import { formatKeyPath, leafName } from "../../pytree/key-path.js";
import { decodeArrayDocument } from "../../zarr/array-document.js";
import { ARRAY_DOCUMENT, type ArrayMetadata } from "../../zarr/metadata.js";
import type { ArrayRequest } from "./array-store.js";
import { atLeaf } from "./at-leaf.js";

/** Gives every byte a character of its own, so that equal texts are equal bytes. */
const decoder = new TextDecoder("latin1");

/**
 * Decodes the documents that describe the arrays of one item, `.zarray` or `zarr.json`. Leaves of one dtype and shape
 * have the same document byte for byte: it is decoded once, which saves a sixth of the time that a thousand small
 * leaves take to load.
 */
export class ArrayDocuments {
  /** Name of the document below its array. */
  readonly file: string;
  readonly #zarr: 2 | 3;
  readonly #limits: Limits;
  readonly #decoded = new Map<string, ArrayMetadata>();

  constructor(zarr: 2 | 3, limits: Limits) {
    this.file = ARRAY_DOCUMENT[zarr];
    this.#zarr = zarr;
    this.#limits = limits;
  }

  /** @throws {OrbaxError} with the leaf's key path: `DATA_LOSS` without a document, and as `decodeArrayDocument`. */
  decode(document: Uint8Array | undefined, { path }: ArrayRequest): ArrayMetadata {
    if (document === undefined) {
      const key = formatKeyPath(path);
      throw dataLoss(`${leafName(path)}: ${this.file}`, {
        key,
        found: "nothing",
        expected: "the array's metadata",
      });
    }
    const text = decoder.decode(document);
    const known = this.#decoded.get(text);
    if (known !== undefined) return known;
    try {
      const what = `${leafName(path)}: ${this.file}`;
      const metadata = decodeArrayDocument(document, what, this.#limits, this.#zarr);
      this.#decoded.set(text, metadata);
      return metadata;
    } catch (error) {
      throw atLeaf(error, path);
    }
  }
}
