import { describe, expect, it } from "vitest";
import { resolveDataFile } from "../../src/ocdbt/data-file-key.js";
import { dataFilesOf } from "../../src/ocdbt/format/data-files.js";
import { hex, joined, utf8 } from "./bytes.js";
import { damage } from "./errors.js";

/** Resolves a path of which `base` is handed down, below the base of the node that names it. */
function resolved(relative: string | Uint8Array, { base = "", above = "" } = {}) {
  const bytes = typeof relative === "string" ? utf8(relative) : relative;
  return resolveDataFile(utf8(above), dataFilesOf([{ base: utf8(base), relative: bytes }]), 0);
}

describe("resolveDataFile", () => {
  it("puts the base of the node and of the table before the path, without slashes (10.1)", () => {
    expect(resolved("d/ab")).toEqual({ key: "/d/ab", transitiveBase: utf8("") });
    expect(resolved("d/ab", { base: "ocdbt.process_0/" })).toEqual({
      key: "/ocdbt.process_0/d/ab",
      transitiveBase: utf8("ocdbt.process_0/"),
    });
    expect(resolved("d/ab", { base: "in/", above: "ocdbt.process_0/" })).toEqual({
      key: "/ocdbt.process_0/in/d/ab",
      transitiveBase: utf8("ocdbt.process_0/in/"),
    });
    expect(resolved("b/c", { base: "a" })).toEqual({ key: "/ab/c", transitiveBase: utf8("a") });
  });

  it.each([
    "d/0123456789abcdef",
    "values",
    "a/b/c/d/e",
    "ocdbt_data/x",
    "d/é 中",
    "d/..x",
    "d/x..",
    "...",
    "d/a:b",
    ".hidden",
    "d/\ufeffx",
  ])("opens %j", (path) => {
    expect(resolved(path).key).toBe(`/${path}`);
  });

  it.each([
    ["nothing", ""],
    ["a parent directory", ".."],
    ["what leads out", "../x"],
    ["what leads out from within", "d/../../x"],
    ["what leads out and back", "d/../d/x"],
    ["what ends in a parent directory", "d/.."],
    ["the directory itself", "."],
    ["a path from here", "./d/x"],
    ["a path from the root", "/d/x"],
    ["two slashes", "d//x"],
    ["a directory", "d/"],
    ["NUL", "d/x\0"],
    ["a line break", "d/x\n"],
    ["an escape", "d/\u001bx"],
    ["DEL", "d/\u007f"],
    ["a C1 control character", "d/\u0085"],
    ["a backslash", "d\\x"],
    ["what leads out on Windows", "..\\x"],
    ["a drive", "C:/x"],
    ["a drive without a slash", "c:x"],
  ])("refuses %s", (_, path) => {
    expect(() => resolved(path)).toThrow(damage({ found: path }));
  });

  it("refuses a parent directory that base and path make together", () => {
    expect(() => resolved("./x", { base: "." })).toThrow(damage({ found: "../x" }));
    expect(() => resolved("/x", { base: "..", above: "d/" })).toThrow(damage({ found: "d/../x" }));
  });

  it.each([
    ["a lone byte", "ff"],
    ["a cut character", "c3"],
    ["an overlong slash", "c0 af"],
    ["half a surrogate pair", "ed a0 80"],
  ])("refuses what is no UTF-8: %s", (_, bytes) => {
    expect(() => resolved(joined([utf8("d/"), hex(bytes)]))).toThrow(damage({ found: "invalid UTF-8" }));
  });
});
