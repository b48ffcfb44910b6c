import { describe, expect, it } from "vitest";
import { failureDetails, failureLine, warningLine } from "../../src/cli/failure.js";
import { dataLoss, inFile, limitExceeded, notFound } from "../../src/errors.js";

describe("failureLine", () => {
  it("puts the path before what happened", () => {
    const error = inFile(
      dataLoss("manifest", { field: "length", found: 3, expected: "16" }),
      "manifest.ocdbt",
    );
    expect(failureLine("runs/7", error)).toBe(
      "orbax-ts: runs/7: manifest.ocdbt: manifest: length is 3, expected 16\n",
    );
  });

  it.each([
    ["runs/7: no such directory", "orbax-ts: runs/7: no such directory\n"],
    ["runs/7/20: no step", "orbax-ts: runs/7/20: no step\n"],
    ["runs/77: no step", "orbax-ts: runs/7: runs/77: no step\n"],
  ])("does not repeat the path of %j", (message, line) => {
    expect(failureLine("runs/7", notFound(message))).toBe(line);
  });

  it("does not repeat a path that was typed with a slash at its end", () => {
    expect(failureLine("runs/", notFound("runs/7: no step"))).toBe("orbax-ts: runs/7: no step\n");
    expect(failureLine("/", notFound("/: no step"))).toBe("orbax-ts: /: no step\n");
  });

  it("turns the limit of a message into the option that raises it", () => {
    const error = limitExceeded("node", { field: "length", found: 9, expected: "at most 8", limit: "depth" });
    expect(failureLine("x", error)).toBe(
      "orbax-ts: x: node: length is 9, expected at most 8; --limit depth=N allows more\n",
    );
  });

  it("is one line for every subject and message", () => {
    const line = failureLine("a\nb", notFound("what\r\nhappened\u2028here"));
    expect(line).toBe("orbax-ts: a\\nb: what\\r\\nhappened\\u2028here\n");
  });

  it("is cut where a message is endless", () => {
    expect(failureLine("x", notFound("y".repeat(100_000))).length).toBeLessThan(10_000);
  });

  it.each([
    [new TypeError("x is not a function"), "internal error: TypeError: x is not a function"],
    ["only text", "internal error: only text"],
    [undefined, "internal error: thrown: undefined"],
    [Object.assign(new Error("EIO: i/o error, write"), { syscall: "write" }), "EIO: i/o error, write"],
  ])("tells mistakes of the program from those of the system: %s", (error, what) => {
    expect(failureLine("x", error)).toBe(`orbax-ts: x: ${what}\n`);
  });
});

describe("failureDetails", () => {
  it("gives the stacks of an error and of its causes", () => {
    const error = inFile(dataLoss("node"), "d/x");
    expect(failureDetails(error)).toMatch(
      /^OrbaxError: d\/x: node\n +at .*\ncaused by: OrbaxError: node\n +at /s,
    );
  });

  it("ends although an error may be its own cause", () => {
    const error: Error = new Error("again");
    error.cause = error;
    expect(failureDetails(error).length).toBeLessThan(100_000);
  });
});

describe("warningLine", () => {
  it("is one line, whatever the message holds", () => {
    expect(warningLine("a\nb\u001b")).toBe("orbax-ts: warning: a\\nb\\u001b\n");
  });
});
