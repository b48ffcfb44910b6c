import { formattedParts, numberOf, stringOf } from "./literals.js";
import type { Argument, Clause, Expression, Formatted, Parameter } from "./syntax.js";
import { TokenReader } from "./token-reader.js";
import { tokenize } from "./tokens.js";

/** Operators by how tightly they bind, loosest first; comparisons stand between `not` and `|`. */
const BINARY: readonly (readonly string[])[] = [
  ["|"],
  ["^"],
  ["&"],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "/", "//", "%", "@"],
];
const COMPARISONS = ["==", "!=", "<", "<=", ">", ">="];
const CONSTANTS: { readonly [name: string]: boolean | null } = { True: true, False: false, None: null };

/** Parses one expression. @throws {SyntaxError} for what lies outside {@link Expression}. */
export function parseExpression(text: string): Expression {
  const reader = new TokenReader(tokenize(text.trim()));
  const expression = new ExpressionParser(reader).tuple();
  reader.skip("newline");
  if (!reader.is("end")) throw reader.unexpected();
  return expression;
}

/** Reads expressions of a program's tokens. */
export class ExpressionParser {
  readonly #reader: TokenReader;

  constructor(reader: TokenReader) {
    this.#reader = reader;
  }

  /** An expression, or several with commas between. */
  tuple(): Expression {
    const first = this.#starred();
    if (!this.#operator(",")) return first;
    const items = [first];
    while (this.#skip(",")) {
      if (this.#isEnd()) break;
      items.push(this.#starred());
    }
    return { kind: "tuple", items };
  }

  #isEnd(): boolean {
    return this.#reader.is("newline") || ["=", ")", "]", "}", ":", ";"].some((text) => this.#operator(text));
  }

  #starred(): Expression {
    return this.#skip("*") ? { kind: "star", of: this.#or() } : this.expression();
  }

  /** One expression. */
  expression(): Expression {
    if (this.#word("lambda")) {
      const parameters = this.parameters(":");
      this.#reader.take("operator", ":");
      return { kind: "lambda", parameters, body: this.expression() };
    }
    if (this.#word("yield")) {
      const isFrom = this.#word("from");
      return { kind: "yield", value: this.#isEnd() ? undefined : this.tuple(), isFrom };
    }
    if (this.#reader.is("name") && this.#reader.peek(1).text === ":=") {
      const name = this.#reader.take("name").text;
      this.#reader.take("operator", ":=");
      return { kind: "named", name, value: this.expression() };
    }
    const value = this.#or();
    if (!this.#word("if")) return value;
    const test = this.#or();
    this.#reader.take("name", "else");
    return { kind: "choice", value, test, otherwise: this.expression() };
  }

  /** Parameters up to a closing operator, which is left. Annotations are passed over. */
  parameters(end: string): Parameter[] {
    const parameters: Parameter[] = [];
    let takes: Parameter["takes"] = "one";
    while (!this.#operator(end)) {
      if (this.#skip("/")) {
        // positional ones before it
      } else if (this.#operator("*") && this.#reader.peek(1).text === ",") {
        this.#reader.take("operator", "*");
        takes = "named";
      } else {
        const stars = (["**", "*"] as const).find((text) => this.#skip(text));
        const name = this.#reader.take("name").text;
        if (end === ")" && this.#skip(":")) this.expression();
        const otherwise = this.#skip("=") ? { otherwise: this.expression() } : {};
        parameters.push({ name, takes: stars ?? takes, ...otherwise });
        if (stars === "*") takes = "named";
      }
      if (!this.#skip(",")) break;
    }
    return parameters;
  }

  /** What stands between `for` and `in`: names, which an expression would take `in` to. */
  targets(): Expression {
    const items = [this.#target()];
    while (this.#skip(",")) {
      if (this.#reader.is("name", "in")) break;
      items.push(this.#target());
    }
    return items.length === 1 && items[0] !== undefined ? items[0] : { kind: "tuple", items };
  }

  #target(): Expression {
    return this.#skip("*") ? { kind: "star", of: this.#postfix() } : this.#postfix();
  }

  #or(): Expression {
    return this.#logical("or", () => this.#logical("and", () => this.#not()));
  }

  #logical(operator: string, next: () => Expression): Expression {
    let left = next();
    while (this.#word(operator)) left = { kind: "binary", operator, left, right: next() };
    return left;
  }

  #not(): Expression {
    if (this.#word("not")) return { kind: "unary", operator: "not", of: this.#not() };
    const first = this.#binary(0);
    const rest: { operator: string; right: Expression }[] = [];
    for (;;) {
      const operator = this.#comparison();
      if (operator === undefined) break;
      rest.push({ operator, right: this.#binary(0) });
    }
    return rest.length === 0 ? first : { kind: "comparison", first, rest };
  }

  #comparison(): string | undefined {
    if (this.#word("in")) return "in";
    if (this.#reader.is("name", "not") && this.#reader.peek(1).text === "in") {
      this.#reader.position += 2;
      return "not in";
    }
    if (this.#word("is")) return this.#word("not") ? "is not" : "is";
    return COMPARISONS.find((operator) => this.#skip(operator));
  }

  #binary(level: number): Expression {
    const operators = BINARY[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = operators.find((text) => this.#skip(text));
      if (operator === undefined) return left;
      left = { kind: "binary", operator, left, right: this.#binary(level + 1) };
    }
  }

  #unary(): Expression {
    const operator = ["-", "+", "~"].find((text) => this.#skip(text));
    if (operator !== undefined) return { kind: "unary", operator, of: this.#unary() };
    const base = this.#postfix();
    if (!this.#skip("**")) return base;
    return { kind: "binary", operator: "**", left: base, right: this.#unary() };
  }

  #postfix(): Expression {
    let expression = this.#atom();
    for (;;) {
      if (this.#skip(".")) {
        expression = { kind: "attribute", of: expression, name: this.#reader.take("name").text };
      } else if (this.#skip("(")) {
        expression = { kind: "call", of: expression, args: this.arguments() };
      } else if (this.#skip("[")) {
        expression = { kind: "item", of: expression, index: this.#indices() };
        this.#reader.take("operator", "]");
      } else {
        return expression;
      }
    }
  }

  #indices(): Expression {
    const first = this.#index();
    if (!this.#operator(",")) return first;
    const items = [first];
    while (this.#skip(",")) if (!this.#operator("]")) items.push(this.#index());
    return { kind: "tuple", items };
  }

  #index(): Expression {
    const bounds: (Expression | undefined)[] = [];
    let isSlice = false;
    do {
      const isOpen = [":", "]", ","].some((text) => this.#operator(text));
      bounds.push(isOpen ? undefined : this.expression());
      isSlice ||= this.#operator(":");
    } while (this.#skip(":"));
    const [only] = bounds;
    if (isSlice) return { kind: "slice", bounds };
    if (only === undefined) throw this.#reader.unexpected();
    return only;
  }

  /** Arguments of a call, with the closing parenthesis. */
  arguments(): Argument[] {
    const args: Argument[] = [];
    while (!this.#skip(")")) {
      const spread = (["**", "*"] as const).find((operator) => this.#skip(operator));
      if (spread !== undefined) args.push({ spread, value: this.expression() });
      else if (this.#reader.is("name") && this.#reader.peek(1).text === "=") {
        const name = this.#reader.take("name").text;
        this.#reader.take("operator", "=");
        args.push({ name, value: this.expression() });
      } else {
        args.push({ value: this.#comprehended(this.expression(), "generator") });
      }
      if (this.#skip(",")) continue;
      this.#reader.take("operator", ")");
      break;
    }
    return args;
  }

  #atom(): Expression {
    const { kind, text } = this.#reader.token;
    this.#reader.position++;
    if (kind === "name" && Object.hasOwn(CONSTANTS, text))
      return { kind: "constant", value: CONSTANTS[text] ?? null };
    if (kind === "name") return { kind: "name", name: text };
    if (kind === "number") return { kind: "constant", value: numberOf(text) };
    if (kind === "string") return this.#strings(text);
    if (text === "(") return this.#parenthesised();
    if (text === "[") return this.#list();
    if (text === "{") return this.#braced();
    if (text === "...") return { kind: "constant", value: null };
    this.#reader.position--;
    throw this.#reader.unexpected();
  }

  /** Strings that stand one behind another are one. */
  #strings(first: string): Expression {
    const texts = [first];
    while (this.#reader.is("string")) texts.push(this.#reader.take("string").text);
    const parts = texts.flatMap((text): (string | Formatted)[] => {
      const { value, isFormatted } = stringOf(text);
      return isFormatted ? formattedParts(value, parseExpression) : [value];
    });
    if (parts.every((part) => typeof part === "string")) return { kind: "constant", value: parts.join("") };
    return { kind: "fstring", parts };
  }

  #parenthesised(): Expression {
    if (this.#skip(")")) return { kind: "tuple", items: [] };
    const first = this.#comprehended(this.#starred(), "generator");
    if (this.#skip(")")) return first;
    const items = [first];
    while (this.#skip(",")) if (!this.#operator(")")) items.push(this.#starred());
    this.#reader.take("operator", ")");
    return { kind: "tuple", items };
  }

  #list(): Expression {
    const items: Expression[] = [];
    while (!this.#skip("]")) {
      const item = this.#comprehended(this.#starred(), "list");
      if (item.kind === "comprehension" && item.gives === "list" && items.length === 0 && this.#skip("]"))
        return item;
      items.push(item);
      if (this.#skip(",")) continue;
      this.#reader.take("operator", "]");
      break;
    }
    return { kind: "list", items };
  }

  #braced(): Expression {
    const pairs: [Expression | undefined, Expression][] = [];
    const items: Expression[] = [];
    while (!this.#skip("}")) {
      if (this.#skip("**")) pairs.push([undefined, this.#or()]);
      else {
        const key = this.#starred();
        if (this.#skip(":")) {
          const value = this.expression();
          if (this.#reader.is("name", "for")) {
            const pair: Expression = { kind: "tuple", items: [key, value] };
            const whole = this.#comprehended(pair, "dict");
            this.#reader.take("operator", "}");
            return whole;
          }
          pairs.push([key, value]);
        } else {
          const item = this.#comprehended(key, "set");
          if (item !== key) {
            this.#reader.take("operator", "}");
            return item;
          }
          items.push(item);
        }
      }
      if (this.#skip(",")) continue;
      this.#reader.take("operator", "}");
      break;
    }
    return items.length > 0 ? { kind: "set", items } : { kind: "dict", pairs };
  }

  /** The comprehension whose element was read, or just that if none follows. */
  #comprehended(of: Expression, gives: "list" | "set" | "dict" | "generator"): Expression {
    const clauses: Clause[] = [];
    while (this.#word("for")) {
      const target = this.targets();
      this.#reader.take("name", "in");
      const over = this.#or();
      const tests: Expression[] = [];
      while (this.#word("if")) tests.push(this.#or());
      clauses.push({ target, over, tests });
    }
    return clauses.length === 0 ? of : { kind: "comprehension", gives, of, clauses };
  }

  #operator(text: string): boolean {
    return this.#reader.is("operator", text);
  }

  #skip(text: string): boolean {
    return this.#reader.skip("operator", text);
  }

  #word(text: string): boolean {
    return this.#reader.skip("name", text);
  }
}
