import { cpSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DataFile, interiorBody, leafBody, manifest } from "../ocdbt/databases.js";
import { expectedOf, fixtureNames, fixturePath, type Listed } from "../ocdbt/fixtures.js";
import { directoryOf, temporaryDirectory } from "./fixtures.js";
import { runCli } from "./run-cli.js";

const linesOf = async (path: string, ...options: string[]): Promise<Listed[]> => {
  const { code, out, err } = await runCli(["kv", "ls", path, "--json", ...options]);
  expect([code, err]).toEqual([0, ""]);
  return out === ""
    ? []
    : out
        .replace(/\n$/, "")
        .split("\n")
        .map((line): Listed => JSON.parse(line));
};

/** A copy of a fixture that can be damaged. */
function copyOf(name: string): string {
  const path = join(temporaryDirectory(), name);
  cpSync(fixturePath(name), path, { recursive: true });
  return path;
}

describe("kv ls --json", () => {
  it.each(fixtureNames())("lists %s as TensorStore does, with the hash of every value", async (name) => {
    const { newest, generations } = expectedOf(name);
    expect(await linesOf(fixturePath(name), "--hash")).toEqual(newest);
    for (const [generation, keys] of Object.entries(generations)) {
      expect(await linesOf(fixturePath(name), "--hash", "--generation", generation)).toEqual(keys);
    }
  });

  it.each(fixtureNames())("lists %s without reading a value", async (name) => {
    const withoutHash = expectedOf(name).newest.map(({ key, length }) => ({ key, length }));
    expect(await linesOf(fixturePath(name))).toEqual(withoutHash);
  });

  it("prints the fields in the order of the contract", async () => {
    const { out } = await runCli(["kv", "ls", fixturePath("binary-keys"), "--json", "--hash"]);
    expect(out.split("\n")[1]).toBe(
      '{"key":"00","length":1,"sha256":"4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"}',
    );
  });

  it("prints nothing for an empty database", async () => {
    for (const name of ["empty", "emptied"]) {
      expect(await runCli(["kv", "ls", fixturePath(name)])).toEqual({ code: 0, out: "", err: "" });
    }
  });

  it("hashes equal ranges and overlapping ones", async () => {
    const data = new DataFile("d/x");
    const value = data.append(new TextEncoder().encode("abcabc"));
    const half = { ...value, length: 3 };
    const root = data.appendNode(
      leafBody([
        ["k1", half],
        ["k2", half],
        ["k3", { ...half, offset: 3 }],
        ["k4", value],
      ]),
    );
    const path = directoryOf({ "manifest.ocdbt": manifest(root), "d/x": data.bytes });
    const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // FIPS 180-2, appendix B.1
    const digests = (await linesOf(path, "--hash")).map(({ sha256 }) => sha256);
    expect(digests.slice(0, 3)).toEqual([abc, abc, abc]);
    expect(digests[3]).toMatch(/^bbb59da3af939f7af5f360f2ceb80a496e3bae1cd87dde426db0ae40677e1c2c$/);
  });
});

describe("kv ls for people", () => {
  it("shows keys as text, and what is no text as escapes", async () => {
    const { out } = await runCli(["kv", "ls", fixturePath("binary-keys")]);
    expect(out.split("\n").map((line) => line.slice(12))).toEqual([
      "",
      "\\u0000",
      "\\u0000\\u0000",
      "\\u0000\\xff",
      "__proto__",
      "a/../b",
      "\\u007f",
      "\\x80",
      "\\x80\\u0000",
      "é",
      "\ufffd",
      "😀",
      "\\xff",
      "\\xff\\xff",
      "",
    ]);
  });
});

describe("kv ls of a database that is not whole", () => {
  it.each([[], ["--hash"]])("fails with %j where a data file is missing", async (...options) => {
    const path = copyOf("base-path");
    rmSync(join(path, "ocdbt.process_0"), { recursive: true });
    const { code, out, err } = await runCli(["kv", "ls", path, "--json", ...options]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(/^orbax-ts: .*: ocdbt\.process_0\/d\/[0-9a-f]{32}: .*no such file.*\n$/);
  });

  it("fails where a data file is too short", async () => {
    const path = copyOf("base-path");
    const folder = join(path, "ocdbt.process_1", "d");
    for (const file of readdirSync(folder)) truncateSync(join(folder, file), 1);
    const { code, out, err } = await runCli(["kv", "ls", path, "--json"]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("expected at least");
  });

  it("fails where a data file lies behind a link that leads outside", async () => {
    const path = copyOf("base-path");
    const elsewhere = join(temporaryDirectory(), "process_0");
    renameSync(join(path, "ocdbt.process_0"), elsewhere);
    symlinkSync(elsewhere, join(path, "ocdbt.process_0"));
    const { code, out, err } = await runCli(["kv", "ls", path, "--json"]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("a symbolic link leads outside");
  });

  it.each(["../d/x", "/etc/hostname", "d//x", "d/../../x"])(
    "fails for a data file called %s",
    async (file) => {
      const data = new DataFile("d/x");
      const root = data.appendNode(leafBody([["k", { file, offset: 0, length: 1 }]]));
      const path = join(
        directoryOf({ "db/manifest.ocdbt": manifest(root), "db/d/x": data.bytes, x: "1" }),
        "db",
      );
      const { code, out, err } = await runCli(["kv", "ls", path, "--json"]);
      expect([code, out]).toEqual([2, ""]);
      expect(err).toContain("data file path");
    },
  );

  it.each([
    ["a generation that is not there", ["--generation", "22"], "generation 22 is not there"],
    ["a generation that cannot be", ["--generation", "0"], "out of range"],
  ])("fails for %s", async (_, options, what) => {
    const { code, out, err } = await runCli(["kv", "ls", fixturePath("many-versions"), "--json", ...options]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(what);
  });

  it("fails for a directory without a database", async () => {
    const path = temporaryDirectory();
    mkdirSync(join(path, "d"));
    const { code, err } = await runCli(["kv", "ls", path]);
    expect(code).toBe(2);
    expect(err).toContain("manifest.ocdbt: not found");
  });
});

describe("kv ls of a hostile database", () => {
  it("gives up on nodes that share their children", async () => {
    const data = new DataFile("d/x");
    let child = data.appendNode(leafBody([["k", "v"]]));
    let key = "k";
    for (let height = 1; height <= 60; height++) {
      // Two children that are one node: below the root there are 2^60 keys.
      const [left, right] = [
        { ...child, key: `a${key}`, common: 1 },
        { ...child, key: `b${key}`, common: 1 },
      ];
      child = data.appendNode(interiorBody(height, [left, right]));
      key = `a${key}`;
    }
    const path = directoryOf({ "manifest.ocdbt": manifest(child, 60), "d/x": data.bytes });
    const { code, err } = await runCli(["kv", "ls", path, "--json", "--limit", "listedNodes=5000"]);
    expect(code).toBe(2);
    expect(err).toContain("--limit listedNodes=N allows more");
  });

  it("gives up on values that overlap, unless that is allowed", async () => {
    const size = 2 ** 20;
    const data = new DataFile("d/x");
    data.append(new Uint8Array(size));
    const keys = Array.from({ length: 300 }, (_, index) => {
      const place = { file: "d/x", offset: index, length: size - index };
      return [`k${String(index).padStart(3, "0")}`, place] as const;
    });
    const root = data.appendNode(leafBody(keys));
    const path = directoryOf({ "manifest.ocdbt": manifest(root), "d/x": data.bytes });
    const refused = await runCli(["kv", "ls", path, "--hash"]);
    expect([refused.code, refused.out]).toEqual([2, ""]);
    expect(refused.err).toContain("--limit readBytes=N allows more");
    const allowed = await runCli(["kv", "ls", path, "--hash", "--limit", "readBytes=400000000"]);
    expect([allowed.code, allowed.err]).toEqual([0, ""]);
    expect(allowed.out.split("\n")).toHaveLength(301);
  });

  it("gives up on more data files than it may ask for", async () => {
    const argv = ["kv", "ls", fixturePath("base-path"), "--json"];
    const { code, err } = await runCli([...argv, "--limit", "dataFiles=1"]);
    expect(code).toBe(2);
    expect(err).toContain("--limit dataFiles=N allows more");
  });
});
