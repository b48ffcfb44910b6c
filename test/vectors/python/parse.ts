import { ExpressionParser } from "./expression-parser.js";
import type { Block, Expression, Handler, Imported, Statement } from "./syntax.js";
import { TokenReader } from "./token-reader.js";
import { tokenize } from "./tokens.js";

/** Parses a program. @throws {SyntaxError} for what lies outside {@link Expression} and {@link Statement}. */
export function parseProgram(text: string): Block {
  return new Parser(new TokenReader(tokenize(text))).program();
}

const UPDATES = ["+=", "-=", "*=", "/=", "%=", "//=", "**=", "&=", "|=", "^=", "<<=", ">>="];

class Parser {
  readonly #reader: TokenReader;
  readonly #expressions: ExpressionParser;
  /** Whether the function whose body is read has a `yield`. */
  #yields = false;

  constructor(reader: TokenReader) {
    this.#reader = reader;
    this.#expressions = new ExpressionParser(reader);
  }

  program(): Block {
    const statements: Statement[] = [];
    while (!this.#reader.is("end")) statements.push(...this.#statement());
    return statements;
  }

  #statement(): Statement[] {
    const decorators: Expression[] = [];
    while (this.#reader.skip("operator", "@")) {
      decorators.push(this.#expressions.expression());
      this.#reader.take("newline");
    }
    if (this.#word("def")) return [this.#def(decorators)];
    if (this.#word("class")) return [this.#class(decorators)];
    if (this.#word("for")) {
      const target = this.#expressions.targets();
      this.#reader.take("name", "in");
      const over = this.#expressions.tuple();
      return [{ kind: "for", target, over, body: this.#block(), otherwise: this.#else() }];
    }
    if (this.#word("while")) {
      const test = this.#expressions.expression();
      return [{ kind: "while", test, body: this.#block(), otherwise: this.#else() }];
    }
    if (this.#word("if")) return [this.#if()];
    if (this.#word("try")) return [this.#try()];
    if (this.#word("with")) return [this.#with()];
    return this.#line();
  }

  /** Statements of one line, with semicolons between. */
  #line(): Statement[] {
    const statements = [this.#simple()];
    while (this.#reader.skip("operator", ";")) {
      if (!this.#reader.is("newline")) statements.push(this.#simple());
    }
    this.#reader.take("newline");
    return statements;
  }

  #simple(): Statement {
    for (const kind of ["return", "raise"] as const) {
      if (!this.#word(kind)) continue;
      const value = this.#isLineEnd() ? undefined : this.#expressions.tuple();
      if (kind === "raise" && this.#word("from")) this.#expressions.expression();
      return { kind, value };
    }
    for (const kind of ["pass", "break", "continue"] as const) if (this.#word(kind)) return { kind };
    if (this.#word("import")) return { kind: "import", imported: this.#modules() };
    if (this.#word("from")) return { kind: "import", imported: this.#members() };
    if (this.#word("assert")) {
      const test = this.#expressions.expression();
      if (this.#reader.skip("operator", ",")) this.#expressions.expression();
      return { kind: "assert", test };
    }
    if (this.#word("del")) {
      const target = this.#expressions.tuple();
      return { kind: "del", targets: target.kind === "tuple" ? target.items : [target] };
    }
    for (const word of ["global", "nonlocal"] as const) {
      if (this.#word(word)) return { kind: "outer", isGlobal: word === "global", names: this.#names() };
    }
    return this.#assignment();
  }

  #assignment(): Statement {
    const first = this.#valued();
    if (this.#reader.skip("operator", ":")) {
      this.#expressions.expression();
      const value = this.#reader.skip("operator", "=") ? this.#valued() : undefined;
      return { kind: "annotated", target: first, value };
    }
    const update = UPDATES.find((operator) => this.#reader.skip("operator", operator));
    if (update !== undefined) {
      return { kind: "update", target: first, operator: update.slice(0, -1), value: this.#valued() };
    }
    const parts = [first];
    while (this.#reader.skip("operator", "=")) parts.push(this.#valued());
    const value = parts.pop() ?? first;
    return parts.length === 0 ? { kind: "expression", value } : { kind: "assign", targets: parts, value };
  }

  #valued(): Expression {
    const value = this.#expressions.tuple();
    if (value.kind === "yield") this.#yields = true;
    return value;
  }

  #def(decorators: readonly Expression[]): Statement {
    const name = this.#reader.take("name").text;
    this.#reader.take("operator", "(");
    const parameters = this.#expressions.parameters(")");
    this.#reader.take("operator", ")");
    if (this.#reader.skip("operator", "->")) this.#expressions.expression();
    const outer = this.#yields;
    this.#yields = false;
    const body = this.#block();
    const yields = this.#yields;
    this.#yields = outer;
    return { kind: "def", name, parameters, body, decorators, yields };
  }

  #class(decorators: readonly Expression[]): Statement {
    const name = this.#reader.take("name").text;
    const bases = this.#reader.skip("operator", "(")
      ? this.#expressions
          .arguments()
          .flatMap((argument) => (argument.name === undefined ? [argument.value] : []))
      : [];
    return { kind: "class", name, bases, body: this.#block(), decorators };
  }

  #if(): Statement {
    const test = this.#expressions.expression();
    const body = this.#block();
    if (this.#word("elif")) return { kind: "if", test, body, otherwise: [this.#if()] };
    return { kind: "if", test, body, otherwise: this.#else() };
  }

  #else(): Block {
    return this.#word("else") ? this.#block() : [];
  }

  #try(): Statement {
    const body = this.#block();
    const handlers: Handler[] = [];
    while (this.#word("except")) {
      const of = this.#reader.is("operator", ":") ? undefined : this.#expressions.tuple();
      const name = this.#word("as") ? this.#reader.take("name").text : undefined;
      handlers.push({ of, name, body: this.#block() });
    }
    const otherwise = this.#else();
    return { kind: "try", body, handlers, otherwise, last: this.#word("finally") ? this.#block() : [] };
  }

  #with(): Statement {
    const items: { value: Expression; target?: Expression }[] = [];
    do {
      const value = this.#expressions.expression();
      items.push(this.#word("as") ? { value, target: this.#expressions.expression() } : { value });
    } while (this.#reader.skip("operator", ","));
    return { kind: "with", items, body: this.#block() };
  }

  #block(): Block {
    this.#reader.take("operator", ":");
    if (!this.#reader.skip("newline")) return this.#line();
    this.#reader.take("indent");
    const statements: Statement[] = [];
    while (!this.#reader.skip("dedent")) statements.push(...this.#statement());
    return statements;
  }

  #modules(): Imported[] {
    const imported: Imported[] = [];
    do {
      const module = this.#dotted();
      const name = this.#word("as") ? this.#reader.take("name").text : undefined;
      const [first = module] = module.split(".");
      imported.push(name === undefined ? { module: first, name: first } : { module, name });
    } while (this.#reader.skip("operator", ","));
    return imported;
  }

  #members(): Imported[] {
    const module = this.#dotted();
    this.#reader.take("name", "import");
    if (this.#reader.skip("operator", "*")) return [];
    const isOpen = this.#reader.skip("operator", "(");
    const imported: Imported[] = [];
    do {
      if (this.#reader.is("operator", ")")) break;
      const member = this.#reader.take("name").text;
      imported.push({ module, member, name: this.#word("as") ? this.#reader.take("name").text : member });
    } while (this.#reader.skip("operator", ","));
    if (isOpen) this.#reader.take("operator", ")");
    return imported;
  }

  #dotted(): string {
    while (this.#reader.skip("operator", ".") || this.#reader.skip("operator", "..."));
    const parts = [this.#reader.take("name").text];
    while (this.#reader.skip("operator", ".")) parts.push(this.#reader.take("name").text);
    return parts.join(".");
  }

  #names(): string[] {
    const names = [this.#reader.take("name").text];
    while (this.#reader.skip("operator", ",")) names.push(this.#reader.take("name").text);
    return names;
  }

  #isLineEnd(): boolean {
    return this.#reader.is("newline") || this.#reader.is("operator", ";");
  }

  #word(text: string): boolean {
    return this.#reader.skip("name", text);
  }
}
