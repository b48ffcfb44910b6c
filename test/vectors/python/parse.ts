import type { Argument, Block, Expression, Statement } from "./syntax.js";
import { type Token, tokenize } from "./tokens.js";

/** Parses a program. @throws {SyntaxError} for what lies outside {@link Expression} and {@link Statement}. */
export function parseProgram(text: string): Block {
  return new Parser(tokenize(text)).program();
}

/** Parses one expression. @throws {SyntaxError} as {@link parseProgram}. */
export function parseExpression(text: string): Expression {
  return new Parser(tokenize(text)).single();
}

/** Operators by how tightly they bind, loosest first. */
const BINARY: readonly (readonly string[])[] = [
  ["or"],
  ["and"],
  ["==", "!=", "<", "<=", ">", ">=", "in"],
  ["+", "-"],
  ["*", "/", "//", "%"],
];
const UPDATES = ["+=", "-=", "*=", "/=", "%="];
const CONSTANTS: { readonly [name: string]: boolean | null } = { True: true, False: false, None: null };

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  program(): Block {
    const statements: Statement[] = [];
    while (!this.#is("end")) statements.push(...this.#statement());
    return statements;
  }

  single(): Expression {
    const expression = this.#expression();
    this.#take("newline");
    if (!this.#is("end")) throw this.#unexpected();
    return expression;
  }

  #statement(): Statement[] {
    const { kind, text } = this.#token;
    if (kind === "name") {
      switch (text) {
        case "def":
          return [this.#def()];
        case "class":
          return [this.#class()];
        case "for":
          return [this.#for()];
        case "while": {
          this.#at++;
          const test = this.#expression();
          return [{ kind: "while", test, body: this.#block() }];
        }
        case "if":
          this.#at++;
          return [this.#if()];
        case "import":
        case "from":
          while (!this.#is("newline")) this.#at++;
          this.#at++;
          return [{ kind: "import" }];
      }
    }
    const statement = this.#simple();
    this.#take("newline");
    return [statement];
  }

  #simple(): Statement {
    for (const kind of ["return", "raise"] as const) {
      if (this.#skip("name", kind)) return { kind, value: this.#is("newline") ? undefined : this.#tuple() };
    }
    if (this.#skip("name", "pass")) return { kind: "pass" };
    const first = this.#tuple();
    const update = UPDATES.find((operator) => this.#skip("operator", operator));
    if (update !== undefined) {
      return { kind: "update", target: first, operator: update.slice(0, -1), value: this.#tuple() };
    }
    const parts = [first];
    while (this.#skip("operator", "=")) parts.push(this.#tuple());
    const value = parts.pop() ?? first;
    return parts.length === 0 ? { kind: "expression", value } : { kind: "assign", targets: parts, value };
  }

  #def(): Statement {
    this.#at++;
    const name = this.#take("name").text;
    this.#take("operator", "(");
    const parameters = this.#parameters(")");
    this.#take("operator", ")");
    if (this.#skip("operator", "->")) this.#expression();
    return { kind: "def", name, parameters, body: this.#block() };
  }

  #class(): Statement {
    this.#at++;
    const name = this.#take("name").text;
    if (this.#skip("operator", "(")) this.#take("operator", ")");
    return { kind: "class", name, body: this.#block() };
  }

  #for(): Statement {
    this.#at++;
    const target = this.#targets();
    this.#take("name", "in");
    const over = this.#tuple();
    return { kind: "for", target, over, body: this.#block() };
  }

  #if(): Statement {
    const test = this.#expression();
    const body = this.#block();
    if (this.#skip("name", "elif")) return { kind: "if", test, body, otherwise: [this.#if()] };
    return { kind: "if", test, body, otherwise: this.#skip("name", "else") ? this.#block() : [] };
  }

  #block(): Block {
    this.#take("operator", ":");
    if (!this.#skip("newline")) {
      const statement = this.#simple();
      this.#take("newline");
      return [statement];
    }
    this.#take("indent");
    const statements: Statement[] = [];
    while (!this.#skip("dedent")) statements.push(...this.#statement());
    return statements;
  }

  /** Names of parameters, without annotations and defaults. */
  #parameters(end: string): string[] {
    const names: string[] = [];
    while (!this.#is("operator", end)) {
      names.push(this.#take("name").text);
      if (end === ")" && this.#skip("operator", ":")) this.#expression();
      if (!this.#skip("operator", ",")) break;
    }
    return names;
  }

  /** What stands between `for` and `in`: names, which an expression would take `in` to. */
  #targets(): Expression {
    const items = [this.#postfix()];
    while (this.#skip("operator", ",")) items.push(this.#postfix());
    return items.length === 1 && items[0] !== undefined ? items[0] : { kind: "tuple", items };
  }

  /** An expression, or several with commas between. */
  #tuple(): Expression {
    const first = this.#expression();
    if (!this.#is("operator", ",")) return first;
    const items = [first];
    while (this.#skip("operator", ",")) {
      if (this.#is("newline") || this.#is("operator", "=")) break;
      items.push(this.#expression());
    }
    return { kind: "tuple", items };
  }

  #expression(): Expression {
    if (this.#skip("name", "lambda")) {
      const parameters = this.#parameters(":");
      this.#take("operator", ":");
      return { kind: "lambda", parameters, body: this.#expression() };
    }
    const value = this.#binary(0);
    if (!this.#skip("name", "if")) return value;
    const test = this.#binary(0);
    this.#take("name", "else");
    return { kind: "choice", value, test, otherwise: this.#expression() };
  }

  #binary(level: number): Expression {
    const operators = BINARY[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    while (operators.includes(this.#token.text) && (this.#is("operator") || this.#is("name"))) {
      const operator = this.#token.text;
      this.#at++;
      left = { kind: "binary", operator, left, right: this.#binary(level + 1) };
    }
    return left;
  }

  #unary(): Expression {
    for (const operator of ["-", "+"]) {
      if (this.#skip("operator", operator)) return { kind: "unary", operator, of: this.#unary() };
    }
    if (this.#skip("name", "not")) return { kind: "unary", operator: "not", of: this.#binary(2) };
    const base = this.#postfix();
    if (!this.#skip("operator", "**")) return base;
    return { kind: "binary", operator: "**", left: base, right: this.#unary() };
  }

  #postfix(): Expression {
    let expression = this.#atom();
    for (;;) {
      if (this.#skip("operator", ".")) {
        expression = { kind: "attribute", of: expression, name: this.#take("name").text };
      } else if (this.#skip("operator", "(")) {
        expression = { kind: "call", of: expression, args: this.#arguments() };
      } else if (this.#skip("operator", "[")) {
        expression = { kind: "item", of: expression, index: this.#index() };
        this.#take("operator", "]");
      } else {
        return expression;
      }
    }
  }

  #index(): Expression {
    const bounds: (Expression | undefined)[] = [];
    let isSlice = false;
    do {
      bounds.push(this.#is("operator", ":") || this.#is("operator", "]") ? undefined : this.#expression());
      isSlice ||= this.#is("operator", ":");
    } while (this.#skip("operator", ":"));
    const [only] = bounds;
    if (isSlice) return { kind: "slice", bounds };
    if (only === undefined) throw this.#unexpected();
    return only;
  }

  #arguments(): Argument[] {
    const args: Argument[] = [];
    while (!this.#skip("operator", ")")) {
      const spread = (["**", "*"] as const).find((operator) => this.#skip("operator", operator));
      if (spread !== undefined) args.push({ spread, value: this.#expression() });
      else if (this.#is("name") && this.#tokens[this.#at + 1]?.text === "=") {
        const name = this.#take("name").text;
        this.#at++;
        args.push({ name, value: this.#expression() });
      } else {
        const value = this.#expression();
        args.push({ value: this.#is("name", "for") ? this.#comprehension(value) : value });
      }
      if (this.#skip("operator", ",")) continue;
      this.#take("operator", ")");
      break;
    }
    return args;
  }

  #atom(): Expression {
    const { kind, text } = this.#token;
    this.#at++;
    if (kind === "name" && text in CONSTANTS) return { kind: "constant", value: CONSTANTS[text] ?? null };
    if (kind === "name") return { kind: "name", name: text };
    if (kind === "number") return { kind: "constant", value: numberOf(text) };
    if (kind === "string") return { kind: "constant", value: stringOf(text) };
    if (text === "(") return this.#parenthesised();
    if (text === "[") return this.#list();
    if (text === "{") return this.#dict();
    this.#at--;
    throw this.#unexpected();
  }

  #parenthesised(): Expression {
    const items = this.#items(")");
    const [only] = items;
    const isTuple = items.length !== 1 || this.#tokens[this.#at - 2]?.text === ",";
    return isTuple || only === undefined ? { kind: "tuple", items } : only;
  }

  #list(): Expression {
    const items = this.#items("]");
    const [only] = items;
    return only?.kind === "comprehension" && items.length === 1 ? only : { kind: "list", items };
  }

  #items(end: string): Expression[] {
    const items: Expression[] = [];
    while (!this.#skip("operator", end)) {
      const item = this.#expression();
      items.push(this.#is("name", "for") ? this.#comprehension(item) : item);
      if (this.#skip("operator", ",")) continue;
      this.#take("operator", end);
      break;
    }
    return items;
  }

  #comprehension(of: Expression): Expression {
    this.#take("name", "for");
    const target = this.#targets();
    this.#take("name", "in");
    return { kind: "comprehension", of, target, over: this.#expression() };
  }

  #dict(): Expression {
    const pairs: [Expression, Expression][] = [];
    while (!this.#skip("operator", "}")) {
      const key = this.#expression();
      this.#take("operator", ":");
      pairs.push([key, this.#expression()]);
      if (this.#skip("operator", ",")) continue;
      this.#take("operator", "}");
      break;
    }
    return { kind: "dict", pairs };
  }

  get #token(): Token {
    return this.#tokens[this.#at] ?? { kind: "end", text: "", line: 0 };
  }

  #is(kind: Token["kind"], text?: string): boolean {
    const token = this.#token;
    return token.kind === kind && (text === undefined || token.text === text);
  }

  #skip(kind: Token["kind"], text?: string): boolean {
    if (!this.#is(kind, text)) return false;
    this.#at++;
    return true;
  }

  #take(kind: Token["kind"], text?: string): Token {
    const token = this.#token;
    if (!this.#skip(kind, text)) throw this.#unexpected(text ?? kind);
    return token;
  }

  #unexpected(expected?: string): SyntaxError {
    const { kind, text, line } = this.#token;
    const wanted = expected === undefined ? "" : `, expected ${expected}`;
    return new SyntaxError(`line ${line}: ${text === "" ? kind : text}${wanted}`);
  }
}

function numberOf(text: string): number | bigint {
  const digits = text.replaceAll("_", "");
  const number = Number(digits);
  return /^\d+$/.test(digits) && !Number.isSafeInteger(number) ? BigInt(digits) : number;
}

const ESCAPES: { readonly [letter: string]: string } = { n: "\n", t: "\t", r: "\r", "\n": "" };

function stringOf(text: string): string {
  const quotes = /^("""|'''|"|')/.exec(text)?.[0].length ?? 0;
  return text
    .slice(quotes, -quotes)
    .replaceAll(
      /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2})|([\s\S]))/g,
      (_, u, U, x, letter) => {
        const code = u ?? U ?? x;
        return code === undefined
          ? (ESCAPES[letter] ?? letter)
          : String.fromCodePoint(Number.parseInt(code, 16));
      },
    );
}
