import { describe, expect, it } from "vitest";
import { exportedNames } from "./exported-names.js";

const value = (name: string) => ({ name, isType: false });
const type = (name: string) => ({ name, isType: true });

describe("exportedNames", () => {
  it("lists re-exports, types marked", () => {
    const text = 'export { b, type C, d as a } from "./x.js";\nexport type { E } from "./y.js";';
    expect(exportedNames("made-up.ts", text)).toEqual([type("C"), type("E"), value("a"), value("b")]);
  });

  it("lists declarations, overloads once", () => {
    const text =
      "export class K {}\nexport function f(): void {}\nexport const a = 1, b = 2;\nexport type T = 1;";
    expect(exportedNames("made-up.ts", text)).toEqual([
      value("K"),
      type("T"),
      value("a"),
      value("b"),
      value("f"),
    ]);
  });

  it.each(['export * from "./x.js";', "export default 1;"])("refuses %s", (text) => {
    expect(() => exportedNames("made-up.ts", text)).toThrow("by name only");
  });
});
