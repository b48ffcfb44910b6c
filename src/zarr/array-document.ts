import type { Limits } from "../limits.js";
import type { ArrayMetadata } from "./metadata.js";
import { decodeZarray } from "./zarr2.js";
import { decodeZarrJson } from "./zarr3.js";

/**
 * Decodes the document that describes an array.
 *
 * @param what How to call the document in messages.
 * @throws {OrbaxError} as `decodeZarray` and `decodeZarrJson`.
 */
export function decodeArrayDocument(
  bytes: Uint8Array,
  what: string,
  limits: Partial<Limits> | undefined,
  zarr: 2 | 3,
): ArrayMetadata {
  return zarr === 2 ? decodeZarray(bytes, what, limits) : decodeZarrJson(bytes, what, limits);
}
