import { describe, expect, it } from "vitest";
import { importsOf, resolveImport, sourceOf } from "./imports.js";

describe("importsOf", () => {
  it.each([
    ['import { a } from "./a.js";', "./a.js", false],
    ['import "./a.js";', "./a.js", false],
    ['import { type A } from "./a.js";', "./a.js", false], // stays as import {} under verbatimModuleSyntax
    ['import type { A } from "./a.js";', "./a.js", true],
    ['export { a } from "./a.js";', "./a.js", false],
    ['export * from "./a.js";', "./a.js", false],
    ['export type { A } from "./a.js";', "./a.js", true],
    ['const a = await import("./a.js");', "./a.js", false],
    ['let a: import("./a.js").A;', "./a.js", true],
  ])("finds %s", (text, specifier, erased) => {
    expect(importsOf("made-up.ts", text)).toEqual([{ specifier, erased }]);
  });

  it("takes no import from a comment or a text", () => {
    expect(importsOf("made-up.ts", '// import "./a.js"\nexport const text = `from "./b.js"`;')).toEqual([]);
  });

  it("refuses a dynamic import that it cannot follow", () => {
    expect(() => importsOf("made-up.ts", "await import(`./${name}.js`)")).toThrow("no literal");
  });

  it("refuses text that does not parse", () => {
    expect(() => importsOf("made-up.ts", "import {")).toThrow("made-up.ts");
  });
});

describe("resolveImport", () => {
  const map = { "#file": { browser: "./dist/storage/no-local.js", default: "./dist/storage/local.js" } };

  it("resolves a relative specifier to its source", () => {
    expect(resolveImport("src/ocdbt/reader.ts", "../bytes/cursor.js", map, "browser")).toBe(
      "src/bytes/cursor.ts",
    );
  });

  it("resolves a mapped specifier by its condition", () => {
    expect(resolveImport("src/index.ts", "#file", map, "browser")).toBe("src/storage/no-local.ts");
    expect(resolveImport("src/index.ts", "#file", map, "default")).toBe("src/storage/local.ts");
  });

  it("refuses a mapped specifier that the map lacks", () => {
    expect(() => resolveImport("src/index.ts", "#other", map, "browser")).toThrow("#other");
  });

  it("leaves packages and Node's modules to others", () => {
    expect(resolveImport("src/index.ts", "node:fs", map, "browser")).toBeUndefined();
    expect(resolveImport("src/index.ts", "zarrita", map, "browser")).toBeUndefined();
  });

  it("knows the source of a built module", () => {
    expect(sourceOf("./dist/storage/local.js")).toBe("src/storage/local.ts");
    expect(sourceOf("./src/storage/local.ts")).toBe("src/storage/local.ts");
  });
});
