import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LocalStorage } from "../../src/storage/local.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "orbax-ts-turns-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs an operation again and again until a timer has fired; how often that was, at most `most` times. */
async function roundsUntilTimer(most: number, operation: () => Promise<unknown>): Promise<number> {
  const timer = new AbortController();
  setTimeout(() => timer.abort(), 1);
  let rounds = 0;
  while (!timer.signal.aborted && rounds < most) {
    await operation();
    rounds++;
  }
  return rounds;
}

describe("many short operations in a row", () => {
  const MOST = 1_000_000; // minutes, if nothing else ever gets its turn

  it("let timers fire between reads", async () => {
    const storage = new LocalStorage(folder);
    await storage.set("/file", new Uint8Array(10));
    expect(await roundsUntilTimer(MOST, () => storage.get("/file"))).toBeLessThan(MOST);
  });

  it("let timers fire between questions", async () => {
    const storage = new LocalStorage(folder);
    expect(await roundsUntilTimer(MOST, () => storage.has("/missing"))).toBeLessThan(MOST);
  });

  it("let timers fire between the writes of one file", async () => {
    const sink = await new LocalStorage(folder).create("/sink");
    expect(await roundsUntilTimer(MOST, () => sink.write([new Uint8Array(10)]))).toBeLessThan(MOST);
    await sink.close();
  });
});
