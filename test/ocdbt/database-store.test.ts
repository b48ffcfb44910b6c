import { describe, expect, it } from "vitest";
import { openOcdbt } from "../../src/ocdbt/reader.js";
import { hex, utf8 } from "./bytes.js";
import { counting } from "./counting.js";
import { refusal } from "./errors.js";
import { workedDatabase } from "./sample-databases.js";
import * as worked from "./worked-examples.js";

describe("store", () => {
  it("gives keys below its prefix to zarrita", async () => {
    const store = (await openOcdbt(workedDatabase())).store("a/");
    expect(await store.get("/.z")).toEqual(utf8("{}"));
    expect(await store.get("/1")).toBeUndefined();
    expect(await store.getRange("/0", { offset: 7, length: 5 })).toEqual(utf8("OCDBT"));
    expect(await store.getRange("/0", { suffixLength: 6 })).toEqual(utf8("OCDBT!"));
    expect(await store.getRange("/0", { offset: 7, length: 50 })).toEqual(utf8("OCDBT!"));
    expect(await store.getRange("/0", { offset: 50, length: 50 })).toEqual(hex(""));
    expect(await store.getRange("/.z", { offset: 1, length: 5 })).toEqual(utf8("}"));
    expect(await store.getRange("/1", { offset: 1, length: 5 })).toBeUndefined();
  });

  it("reads only the part that is asked for", async () => {
    const { storage, reads } = counting(workedDatabase());
    const store = (await openOcdbt(storage)).store();
    await store.getRange("/a/0", { offset: 7, length: 5 });
    expect(reads.at(-1)).toBe(`${worked.PATH_15_1}[7:12]`);
  });

  it("refuses a range that is none", async () => {
    const store = (await openOcdbt(workedDatabase())).store();
    const read = store.getRange("/a/0", { offset: -1, length: 5 });
    await expect(read).rejects.toEqual(refusal("INVALID_ARGUMENT"));
  });
});
