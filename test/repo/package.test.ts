import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { browserImports } from "./browser-graph.js";
import { importsOf, sourceOf } from "./imports.js";
import { entryTargets, missingFromLockFile, readPackageJson } from "./package-json.js";
import { REPOSITORY, readSources } from "./source-files.js";

const manifest = readPackageJson();
const sources = readSources("src");
/** Entries that are for Node by their nature. */
const NODE_ENTRIES = ["orbax-ts/storage/local"];

const isNodeModule = (specifier: string): boolean =>
  specifier.startsWith("node:") || builtinModules.includes(specifier);

describe("package.json", () => {
  it("exports only modules that src has", () => {
    const missing = [...entryTargets(manifest)].filter(([, target]) => !sources.has(sourceOf(target)));
    expect(missing).toEqual([]);
  });

  it("gives each entry the types of the same module, named before it", () => {
    for (const target of Object.values(manifest.exports)) {
      if (typeof target === "string") continue;
      expect(Object.keys(target)).toEqual(["types", "import"]);
      expect(target["types"]).toBe(target["import"]?.replace(/\.js$/, ".d.ts"));
    }
  });

  it("exports by name, never by a pattern", () => {
    expect(Object.keys(manifest.exports).filter((subpath) => subpath.includes("*"))).toEqual([]);
  });

  it("maps imports only to modules that src has, from source and from dist alike", () => {
    for (const [specifier, conditions] of Object.entries(manifest.imports)) {
      expect(Object.keys(conditions)).toEqual(["orbax-ts-source", "browser", "default"]);
      for (const target of Object.values(conditions)) expect([...sources.keys()]).toContain(sourceOf(target));
      expect(sourceOf(conditions["default"] ?? ""), specifier).toBe(
        sourceOf(conditions["orbax-ts-source"] ?? ""),
      );
    }
  });

  it("pins every dependency to one version", () => {
    const all = { ...manifest.dependencies, ...manifest.devDependencies };
    expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it("declares every package that src imports, and no other", () => {
    const imported = new Set<string>();
    for (const [file, text] of sources) {
      for (const { specifier } of importsOf(file, text)) {
        if (/^[.#]/.test(specifier) || isNodeModule(specifier)) continue;
        imported.add(/^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier);
      }
    }
    expect([...imported].toSorted()).toEqual(Object.keys(manifest.dependencies).toSorted());
  });
});

describe("package-lock.json", () => {
  it("has the binaries of every platform, so that npm ci takes it", () => {
    expect(missingFromLockFile(readFileSync(join(REPOSITORY, "package-lock.json"), "utf8"))).toEqual([]);
  });

  it("would be caught without one", () => {
    const made = {
      packages: {
        "node_modules/a": { optionalDependencies: { b: "1.0.0", c: "1.0.0" } },
        "node_modules/c": {},
      },
    };
    expect(missingFromLockFile(JSON.stringify(made))).toEqual(["b"]);
  });
});

describe("the import map", () => {
  it("gives tests the modules of src, not those of dist", async () => {
    expect(await import("#local-storage")).toBe(await import("../../src/storage/local.js"));
    expect(await import("#native-zstd")).toBe(await import("../../src/bytes/native-zstd.js"));
  });
});

describe("a browser build", () => {
  const entries = [...entryTargets(manifest)].filter(([entry]) => !NODE_ENTRIES.includes(entry));

  it.each(entries)("of %s contains no module of Node", (_, target) => {
    const found = browserImports(sourceOf(target), sources, manifest.imports)
      .filter(({ specifier }) => isNodeModule(specifier))
      .map(({ specifier, path }) => [...path, specifier].join(" > "));
    expect(found).toEqual([]);
  });

  it("would be caught with one", () => {
    const made = new Map([
      ["src/index.ts", 'export { a } from "./a.js";\nimport type { F } from "./erased.js";'],
      ["src/a.ts", 'const b = await import("#b");'],
      ["src/b.ts", 'import { open } from "node:fs";'],
      ["src/no-b.ts", 'import pako from "pako";'],
    ]);
    expect(browserImports("src/index.ts", made, { "#b": { browser: "./dist/b.js" } })).toEqual([
      { specifier: "node:fs", path: ["src/index.ts", "src/a.ts", "src/b.ts"] },
    ]);
    expect(browserImports("src/index.ts", made, { "#b": { browser: "./dist/no-b.js" } })).toEqual([
      { specifier: "pako", path: ["src/index.ts", "src/a.ts", "src/no-b.ts"] },
    ]);
  });
});
