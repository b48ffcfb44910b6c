import { describe, expect, it } from "vitest";
import { givenLimits } from "../../src/cli/limit-option.js";
import { CLI_LIMITS, ITEM_LIMITS, limitsForFiles } from "../../src/cli/limits.js";
import { Tally } from "../../src/cli/tally.js";
import { DEFAULT_LIMITS } from "../../src/limits.js";

const MB = 1e6;

describe("the limits of the command line", () => {
  it("let a listing of 2,000,000 keys through", () => {
    expect(CLI_LIMITS.listedKeys).toBeGreaterThanOrEqual(2e6);
  });

  it("let nodes through that are as large as Orbax makes them", () => {
    expect(CLI_LIMITS.decodedNodeBytes).toBeGreaterThanOrEqual(1e8);
  });

  it("are no looser than the library's", () => {
    for (const [name, most] of Object.entries(DEFAULT_LIMITS)) {
      const found = Object.entries(CLI_LIMITS).find(([other]) => other === name)?.[1];
      expect(found, name).toBeLessThanOrEqual(most);
    }
  });
});

describe("limitsForFiles", () => {
  it("keeps a file of a few megabytes within 700 MB", () => {
    const { arrayBytes } = limitsForFiles(ITEM_LIMITS, {}, 5 * MB);
    // An array, its stored form decoded, and a copy of that.
    expect(3 * arrayBytes).toBeLessThan(450 * MB);
  });

  it("grows with the files, so that a real checkpoint is not refused", () => {
    const gigabytes = 10_000 * MB;
    const limits = limitsForFiles(ITEM_LIMITS, {}, gigabytes);
    for (const name of ["arrayBytes", "decodedBytes", "readBytes"] as const) {
      expect(limits[name]).toBeGreaterThanOrEqual(4 * gigabytes);
    }
    expect(limits.listedKeys).toBeGreaterThan(1e9);
    expect(limits.shownLeaves).toBeGreaterThan(1e8);
  });

  it("takes what --limit says as it is", () => {
    expect(limitsForFiles(ITEM_LIMITS, { arrayBytes: 1e12 }, 1).arrayBytes).toBe(1e12);
    expect(limitsForFiles(ITEM_LIMITS, { arrayBytes: 1 }, 1e12).arrayBytes).toBe(1);
  });
});

describe("givenLimits", () => {
  it("changes what is named, the last one where a name comes twice", () => {
    expect(givenLimits([])).toEqual({});
    expect(givenLimits(["depth=5", "dataFiles=7", "depth=6"])).toEqual({ depth: 6, dataFiles: 7 });
  });

  it.each(["", "=", "depth", "depth=", "depth=-1", "depth=1e3", "depth=99999999999999999999", "toString=1"])(
    "refuses %j",
    (text) => {
      expect(() => givenLimits([text])).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    },
  );
});

describe("Tally", () => {
  it("throws when the sum passes the limit, and names both", () => {
    const tally = new Tally("data files", "dataFiles", { ...CLI_LIMITS, dataFiles: 3 });
    tally.add(3);
    expect(tally.sum).toBe(3);
    expect(() => tally.add(1)).toThrow(
      expect.objectContaining({
        code: "LIMIT_EXCEEDED",
        message: "data files: their sum is 4, expected at most 3; limit dataFiles",
      }),
    );
  });
});
