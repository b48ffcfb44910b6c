import { describe, expect, it } from "vitest";
import * as local from "../../src/storage/local.js";
import * as noLocal from "../../src/storage/no-local.js";

describe("the storage of local folders in a browser", () => {
  it("exports what the real one exports", () => {
    expect(Object.keys(noLocal)).toEqual(Object.keys(local));
  });

  it("names the storages that there are", () => {
    const refusal = expect.objectContaining({ code: "UNSUPPORTED" });
    expect(() => new noLocal.LocalStorage("runs/7")).toThrow(refusal);
    expect(() => new noLocal.LocalStorage("runs/7")).toThrow(/^runs\/7: .*MemoryStorage.*FetchStore/);
  });
});
