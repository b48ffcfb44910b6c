import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { REPOSITORY } from "./source-files.js";

const PAGES = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "docs/interop-ci.md",
  "docs/spec/README.md",
  "docs/spec/datarax.md",
  "docs/spec/ocdbt.md",
  "docs/spec/orbax-layout.md",
  "docs/spec/orbax-layout-extra.md",
];

/** What a page promises to be there, by its path from the repository: links, and code that is a whole path. */
function promisedPaths(page: string, text: string): string[] {
  const links = [...text.matchAll(/\]\(([^)#]+?)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? "");
  const local = links.filter((link) => !/^[a-z]+:/.test(link));
  const code = [...text.matchAll(/`((?:src|test|scripts|docs|fixtures|examples|\.ci)\/[\w./-]+)`/g)];
  return [
    ...local.map((link) => posix.join(posix.dirname(page), link)),
    ...code.map((match) => match[1] ?? ""),
  ];
}

/** npm scripts that a page names. */
function promisedScripts(text: string): string[] {
  return [...text.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1] ?? "");
}

describe.each(PAGES)("%s", (page) => {
  const text = readFileSync(join(REPOSITORY, page), "utf8");

  it("names only files that are there", () => {
    const missing = promisedPaths(page, text).filter((path) => !existsSync(join(REPOSITORY, path)));
    expect([...new Set(missing)]).toEqual([]);
  });

  it("names only npm scripts that are there", () => {
    const manifest = readFileSync(join(REPOSITORY, "package.json"), "utf8");
    expect(promisedScripts(text).filter((name) => !manifest.includes(`"${name}":`))).toEqual([]);
  });
});

describe("the pages", () => {
  it("are found to promise something", () => {
    const text = "see [a](../b.md#c), [d](https://example.org), `src/e.ts`, `srcs/f`, `npm run g`";
    expect(promisedPaths("docs/page.md", text)).toEqual(["b.md", "src/e.ts"]);
    expect(promisedScripts(text)).toEqual(["g"]);
  });
});
