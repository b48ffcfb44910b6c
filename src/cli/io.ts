/** One of the program's two outputs. */
export type OutputStream = {
  /**
   * Writes text; wait for one before the next.
   *
   * @throws {ClosedOutput} if nobody reads any more, as after `| head`.
   */
  write(text: string): Promise<void>;
  readonly isTerminal: boolean;
  /** Width of the terminal; `undefined` where there is none. */
  readonly columns: number | undefined;
};

/** What a command may touch of the process it runs in. */
export type Io = {
  /** Results, and nothing else. */
  readonly out: OutputStream;
  /** Everything for people that is no result. */
  readonly err: OutputStream;
  /** Environment variables. */
  readonly env: { readonly [name: string]: string | undefined };
  /** Called before the first decompression: what makes it start sooner is a matter of the whole process. */
  readonly prepareZstd?: () => Promise<void>;
};

/** The reader of an output went away: there is nothing more to do, and nothing wrong. */
export class ClosedOutput extends Error {
  override readonly name = "ClosedOutput";
}
