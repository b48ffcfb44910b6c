/** Control characters, line and paragraph separators, and what turns the direction of text around. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Surrogate}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** How each of them is written: those with a letter, and the others that there have been. */
const ESCAPES = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

/** The text on one line and without power over a terminal: control characters as `\n`, `\u001b` and the like. */
export function escapeText(text: string): string {
  return text.replace(UNPRINTABLE, escapeCharacter);
}

function escapeCharacter(character: string): string {
  let escaped = ESCAPES.get(character);
  if (escaped === undefined) {
    escaped = `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
    ESCAPES.set(character, escaped);
  }
  return escaped;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Bytes as text: what is no UTF-8 as `\xff`, else as {@link escapeText}; a backslash is doubled. */
export function escapeBytes(bytes: Uint8Array): string {
  const text = decoder.decode(bytes);
  if (!text.includes("\ufffd")) return escapeText(text.replaceAll("\\", "\\\\"));
  // Rare: byte by byte, as far as each character is one.
  let escaped = "";
  for (let at = 0; at < bytes.length; ) {
    const length = characterLength(bytes, at);
    const character = bytes.subarray(at, at + Math.max(length, 1));
    escaped += length === 0 ? `\\x${hexByte(character)}` : escapeBytesOf(character);
    at += character.length;
  }
  return escaped;
}

function escapeBytesOf(character: Uint8Array): string {
  return escapeText(decoder.decode(character).replaceAll("\\", "\\\\"));
}

function hexByte(bytes: Uint8Array): string {
  return (bytes[0] ?? 0).toString(16).padStart(2, "0");
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes of the UTF-8 character at `at`, 0 if there is none. */
function characterLength(bytes: Uint8Array, at: number): number {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    try {
      strict.decode(bytes.subarray(at, at + length));
      return length;
    } catch {
      // perhaps a longer one
    }
  }
  return 0;
}
