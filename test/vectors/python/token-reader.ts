import type { Token } from "./tokens.js";

/** Goes through tokens one after another. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** How many tokens were read; may be set back. */
  get position(): number {
    return this.#at;
  }

  set position(position: number) {
    this.#at = position;
  }

  /** The token that is next. */
  get token(): Token {
    return this.peek(0);
  }

  /** A token further on. */
  peek(offset: number): Token {
    return this.#tokens[this.#at + offset] ?? { kind: "end", text: "", line: 0 };
  }

  /** Whether the next token is of a kind, and has a text. */
  is(kind: Token["kind"], text?: string): boolean {
    return this.token.kind === kind && (text === undefined || this.token.text === text);
  }

  /** Reads the next token if it is that one. */
  skip(kind: Token["kind"], text?: string): boolean {
    if (!this.is(kind, text)) return false;
    this.#at++;
    return true;
  }

  /** Reads the next token. @throws {SyntaxError} if it is another one. */
  take(kind: Token["kind"], text?: string): Token {
    const token = this.token;
    if (!this.skip(kind, text)) throw this.unexpected(text ?? kind);
    return token;
  }

  /** The error that says what stands here. */
  unexpected(expected?: string): SyntaxError {
    const { kind, text, line } = this.token;
    const wanted = expected === undefined ? "" : `, expected ${expected}`;
    return new SyntaxError(`line ${line}: ${text === "" ? kind : text}${wanted}`);
  }
}
