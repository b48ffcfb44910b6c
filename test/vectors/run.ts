import { MissingName } from "./python/values.js";
import type { VectorTest } from "./vector-test.js";

/** How many tests did what. */
export type Outcome = { readonly passed: number; readonly failed: number; readonly skipped: number };

/**
 * Runs tests one after another and writes a line for each that fails. One is skipped if it names a class that this
 * project has nothing for.
 */
export async function runVectorTests(
  tests: Iterable<VectorTest>,
  write: (line: string) => void,
): Promise<Outcome> {
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const { name, run } of tests) {
    try {
      await run();
      count.passed++;
    } catch (error) {
      if (error instanceof MissingName) {
        count.skipped++;
        write(`skip ${name}: no ${error.message}`);
        continue;
      }
      count.failed++;
      const what = error instanceof Error ? error.message : String(error);
      write(`fail ${name}: ${what.replaceAll("\n", "\\n")}`);
    }
  }
  return count;
}
