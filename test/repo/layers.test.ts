import { describe, expect, it } from "vitest";
import { importsOf, resolveImport } from "./imports.js";
import { type Edge, findCycle, layerOf, layerViolations } from "./layers.js";
import { readPackageJson } from "./package-json.js";
import { readSources } from "./source-files.js";

const TARGET_CONDITIONS = ["orbax-ts-source", "browser"];

function edgesOfSource(): Edge[] {
  const { imports } = readPackageJson();
  const edges: Edge[] = [];
  for (const [from, text] of readSources("src")) {
    for (const { specifier } of importsOf(from, text)) {
      for (const condition of TARGET_CONDITIONS) {
        const to = resolveImport(from, specifier, imports, condition);
        if (to !== undefined) edges.push({ from, to });
      }
    }
  }
  return edges;
}

describe("the layers of src", () => {
  const edges = edgesOfSource();

  it("has imports to check", () => {
    expect(edges.length).toBeGreaterThan(10);
  });

  it("imports along the layer table only", () => {
    expect([...new Set(layerViolations(edges))]).toEqual([]);
  });

  it("keeps every module in a place of the table", () => {
    expect([...readSources("src").keys()].filter((file) => layerOf(file) === undefined)).toEqual([]);
  });

  it("imports in no cycle, types included", () => {
    expect(findCycle(edges)).toBeUndefined();
  });

  it("imports only modules that exist", () => {
    const sources = readSources("src");
    const missing = edges.filter(({ to }) => !sources.has(to)).map(({ from, to }) => `${from} imports ${to}`);
    expect([...new Set(missing)]).toEqual([]);
  });
});

const edge = (from: string, to: string): Edge => ({ from: `src/${from}`, to: `src/${to}` });

describe("layerViolations", () => {
  it("names file, import and rule of an import that goes up", () => {
    expect(layerViolations([edge("bytes/cursor.ts", "zarr/dtype.ts")])).toEqual([
      "src/bytes/cursor.ts imports src/zarr/dtype.ts: bytes may import only errors, limits",
    ]);
  });

  it("refuses a neighbour that the table does not connect", () => {
    expect(layerViolations([edge("zarr/array.ts", "ocdbt/reader.ts")])).toEqual([
      "src/zarr/array.ts imports src/ocdbt/reader.ts: zarr may import only errors, limits, storage, bytes",
    ]);
  });

  it("tells ocdbt/format from ocdbt", () => {
    expect(layerViolations([edge("ocdbt/reader.ts", "ocdbt/format/key.ts")])).toEqual([]);
    expect(layerViolations([edge("ocdbt/format/key.ts", "ocdbt/reader.ts")])).toHaveLength(1);
    expect(layerViolations([edge("ocdbt/format/key.ts", "storage/storage.ts")])).toHaveLength(1);
  });

  it("allows what the allowed places may import", () => {
    expect(layerViolations([edge("datarax/pipeline.ts", "bytes/cursor.ts")])).toEqual([]);
  });

  it("lets only the command line and the viewer import an entry", () => {
    expect(layerViolations([edge("cli/main.ts", "index.ts")])).toEqual([]);
    expect(layerViolations([edge("checkpoint/load.ts", "index.ts")])).toHaveLength(1);
  });

  it("keeps errors.ts free of imports", () => {
    expect(layerViolations([edge("errors.ts", "limits.ts")])).toEqual([
      "src/errors.ts imports src/limits.ts: errors may import nothing",
    ]);
  });

  it("refuses a folder that the table lacks", () => {
    expect(layerViolations([edge("utils/text.ts", "errors.ts")])).toEqual([
      "src/utils/text.ts: its folder is missing in the layer table",
    ]);
  });
});

describe("findCycle", () => {
  it("names the modules of a cycle", () => {
    const edges = [edge("a", "b"), edge("b", "c"), edge("c", "b")];
    expect(findCycle(edges)).toEqual(["src/b", "src/c", "src/b"]);
  });

  it("takes two ways to one module for none", () => {
    const edges = [edge("a", "b"), edge("a", "c"), edge("b", "d"), edge("c", "d")];
    expect(findCycle(edges)).toBeUndefined();
  });
});
