import type { Formatted } from "./syntax.js";

/** The value of a number's text. */
export function numberOf(text: string): number | bigint {
  const digits = text.replaceAll("_", "");
  if (!/^(?:\d+|0[xXoObB][\da-fA-F]+)$/.test(digits)) return Number(digits);
  const integer = BigInt(digits.replace(/^0+(?=\d)/, ""));
  return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
}

/** A string's text cut into prefix and body: quotes and, unless it is raw, escapes are resolved. */
export function stringOf(text: string): { readonly value: string; readonly isFormatted: boolean } {
  const [prefix = ""] = /^[a-zA-Z]*/.exec(text) ?? [];
  const quoted = text.slice(prefix.length);
  const quotes = /^("""|'''|"|')/.exec(quoted)?.[0].length ?? 0;
  const body = quoted.slice(quotes, -quotes);
  return { value: /r/i.test(prefix) ? body : unescaped(body), isFormatted: /f/i.test(prefix) };
}

const ESCAPES: { readonly [letter: string]: string } = {
  n: "\n",
  t: "\t",
  r: "\r",
  0: "\0",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  "\n": "",
};

function unescaped(body: string): string {
  return body.replaceAll(
    /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|([\s\S]))/g,
    (whole, u, U, x, letter) => {
      const code = u ?? U ?? x;
      if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
      return ESCAPES[letter] ?? (/['"\\]/.test(letter) ? letter : whole);
    },
  );
}

/** The parts of an f-string's body; `parse` makes an expression of what stands in braces. */
export function formattedParts(
  body: string,
  parse: (text: string) => Formatted["of"],
): (string | Formatted)[] {
  const parts: (string | Formatted)[] = [];
  let at = 0;
  let literal = "";
  while (at < body.length) {
    const character = body[at] ?? "";
    if ((character === "{" || character === "}") && body[at + 1] === character) {
      literal += character;
      at += 2;
    } else if (character === "{") {
      const end = closing(body, at);
      if (literal !== "") parts.push(literal);
      literal = "";
      parts.push(formatted(body.slice(at + 1, end), parse));
      at = end + 1;
    } else {
      literal += character;
      at++;
    }
  }
  return literal === "" ? parts : [...parts, literal];
}

/** Where the brace closes that opens at `from`. */
function closing(body: string, from: number): number {
  let depth = 0;
  for (let at = from; at < body.length; at++) {
    if ("{[(".includes(body[at] ?? " ")) depth++;
    if ("}])".includes(body[at] ?? " ") && --depth === 0) return at;
  }
  throw new SyntaxError(`f-string without }: ${body}`);
}

function formatted(text: string, parse: (text: string) => Formatted["of"]): Formatted {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? " ";
    if ("{[(".includes(character)) depth++;
    if ("}])".includes(character)) depth--;
    if (depth > 0) continue;
    const isConversion = character === "!" && text[at + 1] !== "=";
    if (character !== ":" && !isConversion) continue;
    const conversion = isConversion ? (text[at + 1] ?? "") : "";
    const spec = isConversion ? text.slice(at + 3) : text.slice(at + 1);
    return { of: parse(text.slice(0, at)), conversion, spec };
  }
  return { of: parse(text), conversion: "", spec: "" };
}
