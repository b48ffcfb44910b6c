import { expect } from "vitest";

/** What an error says about the bytes; a row of a table of cases may be given as it is. */
export type Finding = {
  readonly field?: string | undefined;
  readonly found?: unknown;
  readonly expected?: string | undefined;
  readonly offset?: number | undefined;
  readonly file?: string | undefined;
  readonly limit?: string | undefined;
};

/** Matches an error that says what is wrong with a file's bytes. */
export function damage(finding: Finding = {}): unknown {
  return refusal("DATA_LOSS", finding);
}

/** Matches an `OrbaxError` by its code and by those of its details that are given. */
export function refusal(
  code: string,
  { field, found, expected, offset, file, limit }: Finding = {},
): unknown {
  const given = Object.entries({ field, found, expected, offset, file, limit });
  const details = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  return expect.objectContaining({ name: "OrbaxError", code, details: expect.objectContaining(details) });
}
