import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { directoryOf, orbaxExpected, orbaxFixture, treeOfArrays, unpackDatarax, zarray } from "./fixtures.js";
import { runCli } from "./run-cli.js";

type Leaf = {
  readonly path: readonly (string | number)[];
  readonly kind: string;
  readonly dtype?: string;
  readonly sha256?: string;
  readonly values?: unknown;
};

let bases: string;

beforeAll(() => {
  bases = mkdtempSync(join(tmpdir(), "orbax-ts-cli-"));
  unpackDatarax(bases);
});

afterAll(() => rmSync(bases, { recursive: true, force: true }));

const shown = async (...argv: string[]): Promise<string> => {
  const { code, out, err } = await runCli(["show", ...argv]);
  expect([code, err]).toEqual([0, ""]);
  return out;
};

/** A leaf of a dump as `show` prints it: without hash, and with values only of scalars and strings. */
function withoutContent(leaf: Leaf): Leaf {
  const isShown = leaf.kind === "scalar" || leaf.kind === "string";
  const left = Object.entries(leaf).filter(
    ([field]) => field !== "sha256" && (isShown || field !== "values"),
  );
  return Object.assign({ path: leaf.path, kind: leaf.kind }, Object.fromEntries(left));
}

/** The order of leaves means nothing. */
function byPath(leaves: readonly Leaf[]) {
  return Object.fromEntries(leaves.map((leaf) => [JSON.stringify(leaf.path), leaf]));
}

/** An entry of `_METADATA` at `s/<key>`. */
function entryBelowS(key: string, type: string, skip: boolean) {
  return {
    key_metadata: ["s", key].map((part) => ({ key: part, key_type: 2 })),
    value_metadata: { value_type: type, skip_deserialize: skip },
  };
}

describe("show --json", () => {
  it.each(["pytree-strings", "files-zarr2", "files-zarr3"])(
    "describes the leaves of %s as Python does",
    async (name) => {
      const { kind, leaves } = JSON.parse(await shown(orbaxFixture(name), "--json"));
      expect(kind).toBe("pytree");
      expect(byPath(leaves)).toEqual(byPath(orbaxExpected(name).leaves.map(withoutContent)));
    },
  );

  it("adds up parameters, bytes and files", async () => {
    const path = directoryOf({
      _METADATA: treeOfArrays(["a", "b"]),
      "a/.zarray": zarray([2, 3], { dtype: "<f4", fill_value: null }),
      "b/.zarray": zarray([], { dtype: "<i8", fill_value: 1 }),
      "sub/other": "12345",
    });
    const { totals } = JSON.parse(await shown(path, "--json"));
    expect(totals).toEqual({ parameters: 7, bytes: 6 * 4 + 8, stored: expect.any(Number) });
    const files = [
      treeOfArrays(["a", "b"]),
      zarray([2, 3], { dtype: "<f4", fill_value: null }),
      zarray([], { dtype: "<i8", fill_value: 1 }),
      "12345",
    ];
    expect(totals.stored).toBe(files.join("").length);
  });

  it("counts scalars as the Python numbers that come back, and not as parameters", async () => {
    const { leaves, totals } = JSON.parse(await shown(orbaxFixture("pytree-strings"), "--json"));
    const sizes: Readonly<Record<string, number>> = { bool: 1, complex128: 16 };
    const scalars = leaves.filter(({ kind }: Leaf) => kind === "scalar");
    const scalarBytes = scalars.reduce(
      (sum: number, { dtype }: { dtype: string }) => sum + (sizes[dtype] ?? 8),
      0,
    );
    expect(totals.parameters).toBe(6);
    expect(totals.bytes).toBe(scalarBytes + 3 * 1 + 3 * 4); // int8 [3], float32 [3]
  });

  it("does not read arrays", async () => {
    const path = directoryOf({
      _METADATA: treeOfArrays(["a"]),
      "a/.zarray": zarray([1000]),
      "a/0": "much too short",
    });
    const { leaves } = JSON.parse(await shown(path, "--json"));
    expect(leaves).toEqual([{ path: ["a"], kind: "array", dtype: "uint8", shape: [1000] }]);
  });
});

describe("show for people", () => {
  it("gives totals first, then the tree", async () => {
    const out = await shown(join(bases, "shuffle_sampler"), "--step", "17");
    expect(out.replace(bases, "<B>")).toMatchInlineSnapshot(`
      "2 parameters in 2 arrays, 106 B in memory, 7.5 kB on disk
      int64 96 B (91 %), int32 8 B (8 %), bool 2 B (2 %)
      <B>/shuffle_sampler/ckpt-17

      __metadata__/
        consumed         int64          17
        run              str            "fixture"
      _applied_count     int32 []  4 B  0  cpu:0
      _computed_stats    None
      _resume_next_iter  bool           false
      _skipped_count     int32 []  4 B  0  cpu:0
      position           int64          17
      sampler_state/
        dataset_size     int64          50
        position         int64          17
        seed             int64          1234
      stream_name        None
      "
    `);
  });

  it("shows strings and keys of Datarax as what they are, and lists of numbers on one line", async () => {
    const out = await shown(join(bases, "memory_get_batch"));
    expect(out).toMatch(/^ {2}key +key threefry2x32 \[\] +0, 3$/m);
    expect(out).toMatch(/^_shuffled_indices +list of 10 +1, 3, 9, 6, 7, 2, 0, 5, 8, 4$/m);
    expect(out).not.toContain("__prng_key__");
    const types = await shown(join(bases, "user_iterator_types"));
    expect(types).toMatch(/^text +str +"café 😀"$/m);
    expect(types).toMatch(/^empty_text +str +""$/m);
    expect(types).not.toContain("char_codes");
  });

  it("shows every top-level key, also one with a slash", async () => {
    const out = await shown(orbaxFixture("files-zarr2"));
    for (const key of ["a/b", "chunked", "flags", "list", "params", "rate", "step", "text"]) {
      expect(out).toMatch(new RegExp(`^"?${key}`, "m"));
    }
  });

  it("keeps to 80 columns", async () => {
    for (const path of [orbaxFixture("pytree-strings"), join(bases, "user_iterator_types")]) {
      const lines = (await shown(path)).split("\n");
      expect(lines.filter((line) => line.length > 80)).toEqual([]);
    }
  });

  it("cuts values at the edge of the terminal", async () => {
    const { out } = await runCli(["show", orbaxFixture("pytree-strings")], { columns: 44 });
    expect(out).toMatch(/^__proto__ +str +"a name…$/m);
  });

  it("shows a marker that Datarax could not decode as the tree that it is", async () => {
    const tree = { a: entryBelowS("__string__", "scalar", false), b: entryBelowS("other", "None", true) };
    const path = directoryOf({
      _METADATA: JSON.stringify({ tree_metadata: tree, use_ocdbt: false }),
      "s.__string__/.zarray": zarray([], { dtype: "|b1", fill_value: true }),
    });
    expect(await shown(path)).toMatch(/\ns\/\n {2}__string__ +bool +true\n {2}other +None\n$/);
  });

  it("escapes what a key could do to a terminal", async () => {
    const name = "a\u001b[2J\u202eb";
    const path = directoryOf({ _METADATA: treeOfArrays([name]), [`${name}/.zarray`]: zarray([1]) });
    const out = await shown(path);
    expect(out).toContain('"a\\u001b[2J\\u202eb"');
    expect(out).not.toContain("\u001b");
  });

  it("colours names on a terminal", async () => {
    const { out } = await runCli(["show", orbaxFixture("pytree-strings")], { isTerminal: true });
    expect(out).toContain("\u001b[34mtext\u001b[39m");
  });
});

describe("show of what asks for more than it holds", () => {
  it("refuses an array of 2^53 bytes in 200 bytes of metadata", async () => {
    const size = 2 ** 53 - 1;
    const path = directoryOf({ _METADATA: treeOfArrays(["a"]), "a/.zarray": zarray([size]) });
    for (const command of ["show", "dump"]) {
      const { code, out, err } = await runCli([command, path, "--json"]);
      expect([code, out]).toEqual([2, ""]);
      expect(err).toContain("--limit arrayBytes=N allows more");
    }
  });

  it("refuses arrays that are too large together", async () => {
    const names = ["a", "b", "c", "d", "e"];
    const files = names.map((name) => [`${name}/.zarray`, zarray([2 ** 27])]);
    const path = directoryOf({ _METADATA: treeOfArrays(names), ...Object.fromEntries(files) });
    const { code, err } = await runCli(["dump", path, "--json"]);
    expect(code).toBe(2);
    expect(err).toContain("--limit decodedBytes=N allows more");
  });

  it("takes them where the limits are raised", async () => {
    const path = directoryOf({ _METADATA: treeOfArrays(["a"]), "a/.zarray": zarray([2 ** 40]) });
    const raised = ["arrayBytes", "decodedBytes"].flatMap((name) => ["--limit", `${name}=${2 ** 40}`]);
    expect(await shown(path, ...raised)).toMatch(/^a +uint8 \[1099511627776\] +1\.1 TB$/m);
  });

  it("holds also what the files really hold to a limit that is given", async () => {
    const path = directoryOf({
      _METADATA: treeOfArrays(["a"]),
      "a/.zarray": zarray([1000]),
      "a/0": new Uint8Array(1000),
    });
    const { code, err } = await runCli(["dump", path, "--json", "--limit", "decodedBytes=999"]);
    expect(code).toBe(2);
    expect(err).toContain("their sum is 1000, expected at most 999; --limit decodedBytes=N allows more");
    expect((await runCli(["dump", path, "--json", "--limit", "decodedBytes=1000"])).code).toBe(0);
  });

  it("refuses leaves that all parse the same large document", async () => {
    const names = Array.from("abcdefghijkl");
    // 2^11 paths whose parts, joined by dots, are one name: between two letters a path has a dot or a new part.
    const paths = Array.from({ length: 2 ** 11 }, (_, bits) =>
      names
        .map((name, index) => name + ((bits >> index) % 2 === 1 ? "/" : "."))
        .join("")
        .slice(0, -1)
        .split("/"),
    );
    const entries = paths.map((parts, index) => [
      String(index),
      {
        key_metadata: parts.map((key) => ({ key, key_type: 2 })),
        value_metadata: { value_type: "np.ndarray", skip_deserialize: false },
      },
    ]);
    const path = directoryOf({
      _METADATA: JSON.stringify({ tree_metadata: Object.fromEntries(entries), use_ocdbt: false }),
      [`${names.join(".")}/.zarray`]: zarray([1], { note: "x".repeat(100_000) }),
    });
    const { code, err } = await runCli(["show", path]);
    expect(code).toBe(2);
    expect(err).toContain("--limit readBytes=N allows more");
  });
});

describe("a name that is longer than its column", () => {
  it("stands on a line of its own", async () => {
    const name = "n".repeat(60);
    const path = directoryOf({
      _METADATA: treeOfArrays([name, "short"]),
      [`${name}/.zarray`]: zarray([1000]),
      "short/.zarray": zarray([1000]),
    });
    const lines = (await shown(path)).split("\n").slice(4);
    expect(lines).toEqual([name, "       uint8 [1000]  1.0 kB", "short  uint8 [1000]  1.0 kB", ""]);
  });
});
