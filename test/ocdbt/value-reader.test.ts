import { describe, expect, it } from "vitest";
import { openOcdbt } from "../../src/ocdbt/reader.js";
import { writeOcdbt } from "../../src/ocdbt/writer.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { textOf, utf8 } from "./bytes.js";
import { counting } from "./counting.js";
import { damage, refusal } from "./errors.js";
import { workedDatabase } from "./sample-databases.js";

async function databaseOf(values: Readonly<Record<string, string>>) {
  const inner = new MemoryStorage();
  const entries = Object.entries(values).map(([key, value]): [string, Uint8Array] => [key, utf8(value)]);
  await writeOcdbt(inner, entries, { config: { maxInlineValueBytes: 2 } });
  const counted = counting(inner);
  const database = await openOcdbt(counted.storage);
  const found = new Map<string, Awaited<ReturnType<typeof database.find>>>();
  for await (const { key, value } of database.list()) found.set(textOf(key), value);
  counted.reads.length = 0;
  return { database, found, reads: counted.reads };
}

describe("readValues", () => {
  it("reads neighbours with one read", async () => {
    const { database, found, reads } = await databaseOf({ a: "first", b: "second", c: "in", d: "third" });
    const received: Record<string, string> = {};
    const requests = [...found].flatMap(([key, value]) => {
      const receive = (bytes: Uint8Array) => {
        received[key] = textOf(bytes);
      };
      return value === undefined ? [] : [{ value, receive }];
    });
    await database.readValues(requests);
    expect(received).toEqual({ a: "first", b: "second", c: "in", d: "third" });
    expect(reads).toHaveLength(1);
  });

  it("fills what it is given", async () => {
    const values: Readonly<Record<string, string>> = { a: "first", b: "x".repeat(300_000), c: "in" };
    const { database, found } = await databaseOf(values);
    for (const [key, value] of found) {
      if (value === undefined) throw new Error(`${key} is missing`);
      const into = new Uint8Array(value.kind === "inline" ? value.bytes.length : value.length);
      let received: Uint8Array | undefined;
      await database.readValues([
        {
          value,
          into,
          receive: (bytes) => {
            received = bytes;
          },
        },
      ]);
      expect(received).toBe(into);
      expect(textOf(into)).toBe(values[key]);
    }
  });

  it("refuses a value over the limit before it reads", async () => {
    const inner = workedDatabase();
    const { storage, reads } = counting(inner);
    const database = await openOcdbt(storage, { limits: { valueBytes: 12 } });
    const read = database.get("a/0");
    await expect(read).rejects.toEqual(refusal("LIMIT_EXCEEDED", { limit: "valueBytes", found: 13 }));
    expect(reads).toHaveLength(2);
  });

  it("reads nothing more after a failure", async () => {
    const inner = workedDatabase();
    const { storage, reads } = counting(inner);
    const database = await openOcdbt(storage);
    const values = Array.from({ length: 20 }, (_, index) => ({
      value: { kind: "range", file: `/d/missing${index}`, offset: 0, length: 1 } as const,
      receive: () => undefined,
    }));
    await expect(database.readValues(values)).rejects.toEqual(damage({ found: "no such file" }));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(reads.length).toBeLessThanOrEqual(1 + 4);
  });
});
