import { describe, expect, it } from "vitest";
import { isOrbaxError } from "../../src/errors.js";
import { BAD_OPTIONS, STREAM_CALLS } from "./stream-calls.js";

/** Arguments that are the business of `prefetch.ts`, `read-options.ts` and `philox.ts`, whose types rule them out. */
const OTHERS = [
  /^prefetch fetch /u,
  /^DataLoader readOptions null$/u,
  /^PhiloxGenerator seed null$/u,
  /^Pipeline stages (?:huge shape|list of nothing|bad list|array)$/u, // stages are told by what they are called with
  /^DataLoader sampler map$/u,
];

const MOST_BYTES = 200 * 2 ** 20;

async function refusal(act: () => unknown): Promise<unknown> {
  try {
    await act();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe.each(STREAM_CALLS)("$name", ({ name, options, run }) => {
  it("works with the options that are to be spoilt", async () => {
    const error = await refusal(() => run({ ...options }));
    expect(error === undefined || isOrbaxError(error, "NOT_FOUND")).toBe(true);
  });

  it("answers to bad options at once, or refuses them with a typed error", async () => {
    const problems: string[] = [];
    for (const option of Object.keys(options)) {
      for (const [kind, value] of Object.entries(BAD_OPTIONS)) {
        if (OTHERS.some((other) => other.test(`${name} ${option} ${kind}`))) continue;
        const before = process.memoryUsage().arrayBuffers;
        const error = await refusal(() => run({ ...options, [option]: value }));
        const held = process.memoryUsage().arrayBuffers - before;
        if (error !== undefined && !isOrbaxError(error))
          problems.push(`${option} ${kind}: ${error instanceof Error ? error.message : typeof error}`);
        if (held > MOST_BYTES) problems.push(`${option} ${kind}: ${held} bytes`);
      }
    }
    expect(problems).toEqual([]);
  });
});
