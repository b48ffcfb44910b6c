import { decodeText, type MsgpackItem } from "./msgpack-reader.js";

/**
 * What Python's `str` makes of a dict's key, which names it in a key path: Flax restores ints, bytes and the other
 * constants as such. `undefined` for keys of other kinds.
 *
 * @throws {OrbaxError} `DATA_LOSS` for text that is no UTF-8.
 */
export function dictKeyName(key: MsgpackItem): string | undefined {
  switch (key.kind) {
    case "str":
      return decodeText(key.bytes, "dict key");
    case "int":
      return String(key.value);
    case "bin":
      return pythonBytesRepr(key.bytes);
    case "bool":
      return key.value ? "True" : "False";
    case "nil":
      return "None";
    default:
      return undefined;
  }
}

/** `b'…'`, as Python prints bytes. */
function pythonBytesRepr(bytes: Uint8Array): string {
  const characters = Array.from(bytes, (byte) => String.fromCharCode(byte));
  const quote = characters.includes("'") && !characters.includes('"') ? '"' : "'";
  const escaped = characters.map((character) => {
    if (character === quote || character === "\\") return `\\${character}`;
    return ESCAPES[character] ?? (/[ -~]/.test(character) ? character : hexEscape(character));
  });
  return `b${quote}${escaped.join("")}${quote}`;
}

const ESCAPES: { readonly [character: string]: string | undefined } = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function hexEscape(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
