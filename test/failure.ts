import { expect } from "vitest";

/** An `OrbaxError` of that code, with at least those details. */
export function failure(code: string, details: Readonly<Record<string, unknown>> = {}) {
  return expect.objectContaining({ name: "OrbaxError", code, details: expect.objectContaining(details) });
}
