import type { Io, OutputStream } from "../../src/cli/io.js";
import { run } from "../../src/cli/run.js";

/** What the program is run in. */
export type Surroundings = {
  readonly env?: Readonly<Record<string, string>>;
  readonly isTerminal?: boolean;
  readonly columns?: number;
  readonly prepareZstd?: () => Promise<void>;
  /** Throws in place of the write with this number, counted from 0. */
  readonly failingWrite?: { readonly number: number; readonly error: Error };
};

/** What came of a run. */
export type Outcome = { readonly code: number; readonly out: string; readonly err: string };

/** Runs the program as the shell would, with outputs that only collect. */
export async function runCli(argv: readonly string[], surroundings: Surroundings = {}): Promise<Outcome> {
  const out = collector(surroundings);
  const err = collector({ ...surroundings, failingWrite: undefined });
  const { env = {}, prepareZstd } = surroundings;
  const io: Io = { out: out.stream, err: err.stream, env, ...(prepareZstd && { prepareZstd }) };
  const code = await run(argv, io);
  return { code, out: out.text(), err: err.text() };
}

function collector({
  isTerminal = false,
  columns,
  failingWrite,
}: Omit<Surroundings, "failingWrite"> & Partial<Record<"failingWrite", Surroundings["failingWrite"]>>) {
  const texts: string[] = [];
  const stream: OutputStream = {
    isTerminal,
    columns,
    write: async (text) => {
      if (failingWrite?.number === texts.length) throw failingWrite.error;
      texts.push(text);
    },
  };
  return { stream, text: () => texts.join("") };
}
