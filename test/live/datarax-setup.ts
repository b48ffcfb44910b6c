import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { type Oracle, startOracle } from "./oracle.js";

/** What the tests of a file share, there from their start to their end. */
export type DataraxSetup = {
  readonly oracle: Oracle;
  /** A base directory that nothing else uses; not there yet. */
  newBase(): string;
};

/** Has a Python process and a place for base directories before the tests of a file, and neither behind them. */
export function setUpDatarax(): DataraxSetup {
  let scratch: string;
  let oracle: Oracle;
  let bases = 0;
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), "orbax-ts-datarax-"));
    oracle = await startOracle();
  });
  afterAll(async () => {
    await oracle.stop();
    await rm(scratch, { recursive: true });
  });
  return {
    get oracle() {
      return oracle;
    },
    newBase: () => join(scratch, `base-${++bases}`),
  };
}
