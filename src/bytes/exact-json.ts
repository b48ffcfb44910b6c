import { dataLoss, limitExceeded } from "../errors.js";

/**
 * JSON as Python's `json` reads it: integers of any size, and the numbers `NaN`, `Infinity`, `-Infinity`.
 * An integer beyond ±(2^53−1) is a `bigint`, every other number a `number`.
 */
export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject;

/**
 * A JSON object. Parsed ones have no prototype, so that `object[name]` finds what the file says and nothing
 * else, whatever the name (`__proto__`, `constructor`).
 */
export type JsonObject = { readonly [name: string]: JsonValue };

/** Is told what the parsed value cannot show. It may throw. */
export type JsonObserver = {
  /** A member's name, before its value: all of them, in the text's order. `depth` is 1 in the outermost object. */
  readonly name: (name: string, depth: number) => void;
  /** A number with a fraction or an exponent, as `2.0` is, which gives the number 2 all the same. */
  readonly fraction: () => void;
};

type OpenObject = { [name: string]: JsonValue };

// Python's own bound (sys.get_int_max_str_digits), without which a few MB of digits cost minutes.
const MOST_INTEGER_DIGITS = 4300;

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
// All but quote, backslash and the control characters, which JSON forbids in strings.
const PLAIN_TEXT = /[ !#-[\]-\uffff]*/y;
const HEX4 = /[0-9a-fA-F]{4}/y;

const ESCAPES: { readonly [letter: string]: string | undefined } = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** Words that are values, Python's among them. */
const WORDS: ReadonlyArray<readonly [string, JsonValue]> = [
  ["true", true],
  ["false", false],
  ["null", null],
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
];

/** An object without prototype that V8 keeps in its compact form, which `Object.create(null)` is not. */
function emptyObject(): OpenObject {
  return Object.setPrototypeOf({}, null);
}

/**
 * Parses a whole JSON text exactly, by hand and without recursion. `JSON.parse` is five times as fast and
 * right where the text holds none of Python's extensions ({@link parseJson} decides).
 *
 * @throws {OrbaxError} `DATA_LOSS` with the byte where the text stops being JSON · `LIMIT_EXCEEDED` for more than
 * `depth` containers inside each other.
 */
export function parseExactJson(
  text: string,
  what: string,
  depth: number,
  observer?: JsonObserver,
): JsonValue {
  return new ExactParser(text, what, depth, observer).document();
}

class ExactParser {
  readonly #text: string;
  readonly #what: string;
  readonly #depth: number;
  readonly #observer: JsonObserver | undefined;
  #at = 0;

  constructor(text: string, what: string, depth: number, observer?: JsonObserver) {
    this.#text = text;
    this.#what = what;
    this.#depth = depth;
    this.#observer = observer;
  }

  document(): JsonValue {
    // The containers that are open, outermost first, and the name under which each object's next value goes.
    const containers: (OpenObject | JsonValue[])[] = [];
    const names: string[] = [];
    for (;;) {
      const opening = this.#next();
      let value: JsonValue;
      if (opening === "{" || opening === "[") {
        if (containers.length >= this.#depth) throw this.#tooDeep();
        this.#at++;
        const isObject = opening === "{";
        const container = isObject ? emptyObject() : [];
        if (this.#next() !== (isObject ? "}" : "]")) {
          containers.push(container);
          names.push(isObject ? this.#name(containers.length) : "");
          continue;
        }
        this.#at++;
        value = container;
      } else {
        value = this.#scalar(opening);
      }
      // The value is complete: put it into its container, and so on while that ends here too.
      for (;;) {
        const container = containers.at(-1);
        if (container === undefined) return this.#end(value);
        const isArray = Array.isArray(container);
        if (isArray) container.push(value);
        else container[names.at(-1) ?? ""] = value;
        const separator = this.#next();
        if (separator === ",") {
          this.#at++;
          if (!isArray) names[names.length - 1] = this.#name(containers.length);
          break;
        }
        if (separator !== (isArray ? "]" : "}"))
          throw this.#unexpected(isArray ? "',' or ']'" : "',' or '}'");
        this.#at++;
        value = container;
        containers.pop();
        names.pop();
      }
    }
  }

  /** Skips white space and gives the character there, `""` at the end. */
  #next(): string {
    let code = this.#text.charCodeAt(this.#at);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
      code = this.#text.charCodeAt(++this.#at);
    }
    return this.#text.charAt(this.#at);
  }

  #end(value: JsonValue): JsonValue {
    if (this.#next() !== "") throw this.#unexpected("the end");
    return value;
  }

  /** `"name":`, up to the colon. */
  #name(depth: number): string {
    if (this.#next() !== '"') throw this.#unexpected("a name in quotes");
    const name = this.#string();
    if (this.#next() !== ":") throw this.#unexpected("':'");
    this.#at++;
    this.#observer?.name(name, depth);
    return name;
  }

  #scalar(opening: string): JsonValue {
    if (opening === '"') return this.#string();
    for (const [word, value] of WORDS) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    return this.#number();
  }

  #number(): number | bigint {
    const match = this.#match(NUMBER);
    if (match === null) throw this.#unexpected("a value");
    const [digits, fraction, exponent] = match;
    if (fraction !== undefined || exponent !== undefined) {
      this.#observer?.fraction();
      return Number(digits);
    }
    if (digits.length < 16) return Number(digits) + 0; // + 0: the integer -0 is Python's 0
    const length = digits.length - (digits.startsWith("-") ? 1 : 0);
    if (length > MOST_INTEGER_DIGITS) {
      throw dataLoss(this.#what, {
        offset: this.#byteOffset(this.#at - digits.length),
        field: "an integer's length",
        found: length,
        expected: `at most ${MOST_INTEGER_DIGITS} digits`,
      });
    }
    const integer = BigInt(digits);
    const number = Number(integer);
    return Number.isSafeInteger(number) ? number : integer;
  }

  #string(): string {
    this.#at++;
    let value = "";
    for (;;) {
      value += this.#match(PLAIN_TEXT)?.[0] ?? "";
      const character = this.#text.charAt(this.#at);
      if (character === '"') {
        this.#at++;
        return value;
      }
      if (character !== "\\") throw this.#unexpected("the rest of a string");
      this.#at++;
      value += this.#escape();
    }
  }

  /** What follows a backslash. Half a surrogate pair stays half, as in Python. */
  #escape(): string {
    const letter = this.#text.charAt(this.#at);
    if (letter === "u") {
      this.#at++;
      const hex = this.#match(HEX4);
      if (hex === null) throw this.#unexpected("four hexadecimal digits");
      return String.fromCharCode(Number.parseInt(hex[0], 16));
    }
    const character = ESCAPES[letter];
    if (character === undefined) throw this.#unexpected("an escape of JSON");
    this.#at++;
    return character;
  }

  /** Matches a sticky pattern here and steps over it. */
  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at = pattern.lastIndex;
    return match;
  }

  #unexpected(expected: string) {
    const code = this.#text.codePointAt(this.#at);
    return dataLoss(this.#what, {
      offset: this.#byteOffset(this.#at),
      field: "JSON text",
      found: code === undefined ? "cut short" : String.fromCodePoint(code),
      expected,
    });
  }

  #tooDeep() {
    return limitExceeded(this.#what, {
      offset: this.#byteOffset(this.#at),
      expected: `at most ${this.#depth} containers inside each other`,
      limit: "depth",
    });
  }

  #byteOffset(index: number): number {
    return new TextEncoder().encode(this.#text.slice(0, index)).length;
  }
}
