import { invalidArgument } from "../errors.js";

const encoder = new TextEncoder();

/**
 * A key's bytes: a string stands for its UTF-8 bytes, nothing is added or cut off.
 *
 * @throws {OrbaxError} `INVALID_ARGUMENT` for a string with half a surrogate pair, which would become the key of
 * another string.
 */
export function toKeyBytes(key: string | Uint8Array): Uint8Array {
  if (typeof key !== "string") return key;
  if (/\p{Surrogate}/u.test(key))
    throw invalidArgument(`OCDBT key ${JSON.stringify(key)} is no Unicode text`);
  return encoder.encode(key);
}
