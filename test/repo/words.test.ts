import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { REPOSITORY } from "./source-files.js";

/**
 * What no text of this repository says: paths of the machine it was written on, and hosts that a package
 * manager's own configuration names. Each is written so that it does not match itself.
 */
const FORBIDDEN = [
  /(?<![\w.])\/[w]ork\//, // at the start of a path only
  /(?<![\w.])\/[r]oot\//,
  /(?<![\w.])\/(home|Users)\/[^/\s]+\//,
  /[r]egistry\.npmjs/,
  /[p]ypi\.org/,
  /files\.[p]ythonhosted/,
];

/** Not ours to word: what .gitignore leaves out, Git's own files, and a lock file full of addresses. */
const LEFT_OUT = new Set([".git", "package-lock.json"]);

function ignoredNames(): RegExp[] {
  const lines = readFileSync(join(REPOSITORY, ".gitignore"), "utf8").split("\n");
  return lines
    .map((line) => line.trim().replace(/\/$/, ""))
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => new RegExp(`^${line.replaceAll(".", "\\.").replaceAll("*", ".*")}$`));
}

function* textFiles(folder: string, ignored: readonly RegExp[]): Generator<[string, string]> {
  for (const entry of readdirSync(join(REPOSITORY, folder), { withFileTypes: true })) {
    if (LEFT_OUT.has(entry.name) || ignored.some((pattern) => pattern.test(entry.name))) continue;
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* textFiles(path, ignored);
    else if (entry.isFile()) {
      const text = readFileSync(join(REPOSITORY, path), "utf8");
      if (!text.includes("\0")) yield [path, text];
    }
  }
}

/** `path:line: text` of every line with a forbidden word. */
function forbiddenLines(path: string, text: string): string[] {
  return text
    .split("\n")
    .flatMap((line, index) =>
      FORBIDDEN.some((pattern) => pattern.test(line)) ? [`${path}:${index + 1}: ${line.slice(0, 200)}`] : [],
    );
}

describe("the repository's text", () => {
  const files = [...textFiles("", ignoredNames())];

  it("is read", () => {
    expect(files.map(([path]) => path)).toEqual(
      expect.arrayContaining(["package.json", "docs/spec/ocdbt.md", "src/errors.ts", ".gitignore"]),
    );
  });

  it("names no path of a machine and no host of a registry", () => {
    expect(files.flatMap(([path, text]) => forbiddenLines(path, text))).toEqual([]);
  });
});

describe("forbiddenLines", () => {
  it.each(["work", "root", "home/somebody"])("finds a path below %s", (folder) => {
    expect(forbiddenLines("made-up.md", `first\nsee /${folder}/file.txt`)).toHaveLength(1);
  });

  it.each(["npmjs", "python"])("finds a host of %s", (name) => {
    const host = name === "npmjs" ? `registry.${name}.org` : `files.${name}hosted.org`;
    expect(forbiddenLines("made-up.md", `from ${host}`)).toHaveLength(1);
  });

  it("leaves other paths alone", () => {
    expect(forbiddenLines("made-up.md", "runs/root/7, ./uproot/a, https://example.org/root/b")).toEqual([]);
  });
});
