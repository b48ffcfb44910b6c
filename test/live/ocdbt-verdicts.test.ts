import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { envelope, hex, joined, rawZstdFrame, u64le, utf8, varint } from "../ocdbt/bytes.js";
import {
  type Child,
  config,
  DataFile,
  interiorBody,
  leafBody,
  manifest,
  type Place,
  table,
} from "../ocdbt/databases.js";
import {
  type AcceptedDifference,
  acceptedDifference,
  ourVerdict,
  tensorStoreVerdict,
} from "./ocdbt-verdict.js";
import { type Oracle, startOracle } from "./oracle.js";

/** Databases put together by hand, a rule of docs/spec/ocdbt.md each, before both readers. */

let scratch: string;
let oracle: Oracle;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "orbax-ts-verdicts-"));
  oracle = await startOracle();
});
afterAll(async () => {
  await oracle.stop();
  await rm(scratch, { recursive: true });
});

type Files = Readonly<Record<string, Uint8Array>>;

async function folderOf(files: Files): Promise<string> {
  const folder = await mkdtemp(join(scratch, "database-"));
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
  return folder;
}

/** A database of one leaf with this body, and values in `d/v` and `p/d/v`. */
function leaf(body: string | Uint8Array): Files {
  const file = new DataFile("d/x");
  const root = file.appendNode(typeof body === "string" ? hex(body) : body);
  return {
    "manifest.ocdbt": manifest(root),
    "d/x": file.bytes,
    "d/v": utf8("value"),
    "p/d/v": utf8("VALUE"),
  };
}

/** A database of one leaf with the key `a` whose table is given. */
const tableOfLeaf = (files: string) => leaf(`00 ${files} 01 01 "a" 01 00 "1"`);

/** A leaf whose one value has this length and place in `d/v`. */
const valueOf = (length: number | bigint, offset: number | bigint, path = "d/v") =>
  leaf(`00 ${table([path])} 01 01 "a" ${varint(length)} 01 00 ${varint(offset)}`);

type Bounds = { readonly height?: number; readonly claimed?: number };

/** Two leaves, a and b, c and d, below a root of these children. */
function tree(
  children: (first: Place, second: Place) => Child[],
  { height = 1, claimed = height }: Bounds = {},
): Files {
  const file = new DataFile("d/x");
  const [first, second] = ["ab", "cd"].map((keys) =>
    file.appendNode(leafBody(Array.from(keys, (key) => [key, key]))),
  );
  if (first === undefined || second === undefined) throw new Error("expected two leaves");
  const root = file.appendNode(interiorBody(height, children(first, second)));
  return { "manifest.ocdbt": manifest(root, claimed), "d/x": file.bytes };
}

/** A tree of one leaf whose keys lack `cut`. */
function cutTree(cut: string, keys: readonly string[]): Files {
  const file = new DataFile("d/x");
  const child = file.appendNode(leafBody(keys.map((key) => [key, ""])));
  const root = file.appendNode(interiorBody(1, [{ ...child, key: cut, common: cut.length }]));
  return { "manifest.ocdbt": manifest(root, 1), "d/x": file.bytes };
}

/** A leaf in `p/d/y` with this body, below a root that reaches it by base and path. */
function basedTree(body: string, path: string, files: Files = {}): Files {
  const child = envelope("node", hex(body));
  const file = new DataFile("d/x");
  const root = file.appendNode(
    hex(`01 ${table([path])} 01 01 00 "a" 00 00 ${varint(child.length)} 00 00 00`),
  );
  return { "manifest.ocdbt": manifest(root, 1), "d/x": file.bytes, "p/d/y": child, ...files };
}

const MISSING = varint(2n ** 64n - 1n);
type Version = {
  readonly generations?: readonly (number | bigint)[];
  readonly times?: readonly number[];
  readonly files?: string;
  readonly height?: string;
  readonly root?: string;
  readonly statistics?: string;
};

/** Empty versions from the table on. */
function versions({
  generations = [1],
  times = [1000],
  files = table([""]),
  height = "00",
  root = `${MISSING} ${MISSING}`,
  statistics = "00 00 00",
}: Version = {}): string {
  const count = generations.length;
  const each = (text: string) =>
    text
      .split(" ")
      .map((column) => column.repeat(count))
      .join(" ");
  return [
    `${files} ${varint(count)} ${generations.map(varint).join("")} ${height.repeat(count)} ${"00".repeat(count)}`,
    `${each(root)} ${each(statistics)} ${times.map(u64le).join("")}`,
  ].join(" ");
}

const manifestOf = (body: string, head = "00 00"): Files => ({
  "manifest.ocdbt": envelope("manifest", hex(body), head),
});
const UUID = "000102030405060708090a0b0c0d0e0f";
const plainBody = `${config()} ${versions()} 00`;
const zipped = (frame: Uint8Array): Files => ({ "manifest.ocdbt": envelope("manifest", frame, "00 01") });

/** A manifest of arity 2 with one reference to a version-tree node, whose newest generation is 3 or given. */
const referring = (reference: string, last = 3, time = 3000) =>
  manifestOf(
    `${config({ arityLog2: 1 })} ${versions({ generations: [last], times: [time], files: table(["d/x"]) })} ${reference}`,
  );
const reference = (generation: number, count = 2, height = "01", file = "00") =>
  `01 ${varint(generation)} ${file} 45 28 ${varint(count)} ${u64le(1000)} ${height}`;

const numbered = (files: Files): Files => ({ ...manifestOf(config({ kind: 1 })), ...files });
const numberedManifest = (generation: number, configuration = config()) =>
  envelope("manifest", hex(`${configuration} ${versions({ generations: [generation] })} 00`));
const nameOf = (generation: number) => `manifest.${generation.toString(16).padStart(16, "0")}`;

const long = (length: number) => "6b".repeat(length);

/** Both readers take them, and find the same. */
const legal: Record<string, Files> = {
  "padded counts": leaf(
    '00   80808080808080808000   8180808000   8180808000 "a"   81808080808080808000   00   "1"',
  ),
  "padded file ids": leaf(`00 ${table(["d/v"])} 01 01 "a" 01 01   80808080808080808000   00`),
  "a prefix shorter than it could be": leaf('00 00 02   00   02 02   "aa" "ab"   00 00   00 00'),
  "a key before its extension": leaf(
    leafBody([
      ["a", "1"],
      ["ab", "2"],
    ]),
  ),
  "an inline value of 1 MiB": leaf(leafBody([["a", "x".repeat(2 ** 20)]])),
  "a key of 65535 bytes": leaf(leafBody([["k".repeat(65535), "1"]])),
  "values that overlap": leaf(
    leafBody([
      ["a", { file: "d/v", offset: 0, length: 4 }],
      ["b", { file: "d/v", offset: 1, length: 4 }],
    ]),
  ),
  "an empty value in a missing file": valueOf(0, 5, "d/missing"),
  "an empty value in a directory": valueOf(0, 5, "d"),
  "an empty value at the end": valueOf(0, 5),
  "the table of section 16": tableOfLeaf(
    '04 00130e 04140106 00101010 "d/cc" "ocdbt.process_0/d/aa" "b" "1/d/ab"',
  ),
  "a table out of order, with repeats": tableOfLeaf('03 0000 010101 000000 "b" "a" "a"'),
  "an empty path that nothing needs": tableOfLeaf("01 00 00"),
  "bad paths that nothing needs": tableOfLeaf('03 0000 020101 000000 ".." ff 00'),
  "a path of 65535 bytes that nothing needs": tableOfLeaf(`01 ${varint(65535)} 00 ${long(65535)}`),
  "bases that differ within what is shared": tableOfLeaf('02 01 0202 0102 "ab" "cd"'),
  "loose bounds": tree((first, second) => [
    { ...first, key: "" },
    { ...second, key: "bb" },
  ]),
  "a node with one child": tree((first) => [{ ...first, key: "a" }]),
  "keys that are cut": tree((first, second) => [
    { ...first, key: "xa", common: 1 },
    { ...second, key: "xc", common: 1 },
  ]),
  "a child that is shared": tree((first) => [
    { ...first, key: "x", common: 1 },
    { ...first, key: "y", common: 1 },
  ]),
  "a full key of 65535 bytes": cutTree("k".repeat(65534), ["", "x"]),
  "a base that applies to values": basedTree(`00 ${table(["d/v"])} 01 01 "a" 01 01 00 00`, "p/|d/y", {
    "p/d/v": utf8("Z"),
  }),
  "a base without a slash": basedTree(`00 ${table(["d/v"])} 01 01 "a" 01 01 00 00`, "p|/d/y", {
    "pd/v": utf8("Z"),
  }),
  "a path of 65535 bytes with its base": basedTree(
    `00 01 ${varint(65533)} 00 ${long(65533)} 01 01 "a" 01 00 "1"`,
    "p/|d/y",
  ),
  "a path with a colon": tree((first, second) => [
    { ...first, key: "a" },
    { ...second, key: "c" },
  ]),
  "generation 2^53 + 1": manifestOf(`${config()} ${versions({ generations: [2n ** 53n + 1n] })} 00`),
  "the largest generation": manifestOf(`${config()} ${versions({ generations: [2n ** 60n + 16n] })} 00`),
  "two versions with a gap": manifestOf(
    `${config()} ${versions({ generations: [1, 16], times: [1, 2] })} 00`,
  ),
  "commit time 0": manifestOf(`${config()} ${versions({ times: [0] })} 00`),
  "a padded number of references": manifestOf(`${config()} ${versions()} 80808080808080808000`),
  "an inline length over 1 MiB in the configuration": manifestOf(
    `${UUID} 00 ${varint(2 ** 32 - 1)} 00 04 00 ${versions()} 00`,
  ),
  "zstd levels in the configuration": manifestOf(`${UUID} 00 08 00 04 01 0000feff ${versions()} 00`),
  "padded head": manifestOf(plainBody, "8000 8080808000"),
  "a manifest in a zstd frame": zipped(rawZstdFrame(hex(plainBody))),
  "a reference": referring(reference(2)),
  "a dropped reference": referring("00"),
  "numbered manifests without any": numbered({}),
  "numbered manifests": numbered({ [nameOf(1)]: numberedManifest(1), [nameOf(10)]: numberedManifest(10) }),
  "an older numbered manifest that is damaged": numbered({
    [nameOf(1)]: utf8("?"),
    [nameOf(2)]: numberedManifest(2),
  }),
  "names that are no numbered manifests": numbered({
    [nameOf(1)]: numberedManifest(1),
    [nameOf(0)]: utf8("?"),
    "manifest.000000000000000A": utf8("?"),
    "manifest.02": utf8("?"),
    "manifest.00000000000000002": utf8("?"),
    "manifest.0000000000000003/x": utf8("?"),
  }),
};

/** Both readers refuse them. */
const illegal: Record<string, Files> = {
  "no entries": leaf("00 00 00"),
  "a count of six bytes": leaf('00 00   818080808000   01 "a" 01 00 "1"'),
  "a suffix length of six bytes": leaf('00 00 01   818080808000 "a" 01 00 "1"'),
  "a count without data": leaf(`00 00 ${varint(2 ** 20)}`),
  "too many entries": leaf(`00 00 ${varint(2 ** 20 + 1)}`),
  "a key twice": leaf(
    leafBody([
      ["a", "1"],
      ["a", "2"],
    ]),
  ),
  "falling keys": leaf(
    leafBody([
      ["b", "1"],
      ["a", "2"],
    ]),
  ),
  "a prefix longer than the key before": leaf('00 00 02   02   01 01   "a" "b"   00 00   00 00'),
  "a key of 65536 bytes": leaf(
    `00 00 02   ${varint(65535)}   ${varint(65535)} 01   ${long(65536)}   00 00   00 00`,
  ),
  "a suffix of 65536 bytes": leaf(`00 00 01   ${varint(65536)}   ${long(65536)}   00   00`),
  "value kind 2": leaf('00 00 01   01 "a"   01   02   "1"'),
  "an inline value over 1 MiB": leaf(leafBody([["a", "x".repeat(2 ** 20 + 1)]])),
  "an unknown file": leaf(`00 ${table(["d/v"])} 01 01 "a" 01 01 01 00`),
  "a byte too many in a leaf": leaf('00 00 01   01 "a"   01   00   "1" 00'),
  "a value past the end": valueOf(6, 0),
  "a value of 2^62 bytes": valueOf(2n ** 62n, 0),
  "a value that ends beyond 2^63": valueOf(2n ** 62n, 2n ** 62n),
  "a value in a file above": valueOf(5, 0, "../x"),
  "an empty value in a file above": valueOf(0, 0, "../x"),
  "an empty value in no file": valueOf(0, 0, ""),
  "a base longer than its path": tableOfLeaf('01 02 03 "ab"'),
  "bases that differ beyond what is shared": tableOfLeaf('02 02 0201 0100 "ab" "c"'),
  "a prefix longer than the path before": tableOfLeaf('02 03 0201 0101 "ab" "c"'),
  "a path of 65536 bytes": tableOfLeaf(`02 ${varint(65535)} ${varint(65535)} 01 0000 ${long(65536)}`),
  "2^63 files": tableOfLeaf(varint(2n ** 63n)),
  "2^40 files": tableOfLeaf(varint(2 ** 40)),
  "a path of 65536 bytes with its base": basedTree(
    `00 01 ${varint(65534)} 00 ${long(65534)} 01 01 "a" 01 00 "1"`,
    "p/|d/y",
  ),
  "a first key below its bound": tree((first, second) => [
    { ...first, key: "a" },
    { ...second, key: "cc" },
  ]),
  "a last key at the next bound": tree((first, second) => [
    { ...first, key: "a" },
    { ...second, key: "b" },
  ]),
  "a common prefix longer than its key": tree((first) => [{ ...first, key: "a", common: 2 }]),
  "a child twice without a cut": tree((first) => [
    { ...first, key: "a" },
    { ...first, key: "b" },
  ]),
  "a root higher than the manifest says": tree((first) => [{ ...first, key: "a" }], { claimed: 2 }),
  "a root that is no leaf": tree((first) => [{ ...first, key: "a" }], { claimed: 0 }),
  "a child two levels below": tree((first) => [{ ...first, key: "a" }], { height: 2 }),
  "a child that is missing": tree((first) => [{ ...first, file: "d/missing", key: "a" }]),
  "a child in a directory": tree((first) => [{ ...first, file: "d", key: "a" }]),
  "a child in no file": tree((first) => [{ ...first, file: "", key: "a" }]),
  "a child in the manifest": tree((first) => [{ ...first, file: "manifest.ocdbt", key: "a" }]),
  "a child of 2^62 bytes": tree((first) => [{ ...first, length: 2 ** 62, key: "a" }]),
  "a child of no bytes": tree((first) => [{ ...first, length: 0, key: "a" }]),
  "a child cut by a byte": tree((first) => [{ ...first, length: first.length - 1, key: "a" }]),
  "a child with a byte too many": tree((first) => [{ ...first, length: first.length + 1, key: "a" }]),
  "a child in a file above": tree((first) => [{ ...first, file: "d/../d/x", key: "a" }]),
  "a child by an absolute path": tree((first) => [{ ...first, file: "/tmp/x", key: "a" }]),
  "a child by two slashes": tree((first) => [{ ...first, file: "d//x", key: "a" }]),
  "a full key of 65536 bytes": cutTree("k".repeat(65535), ["", "x"]),
  "a root of no bytes": manifestOf(`${config()} ${versions({ files: table(["d/x"]), root: "00 00" })} 00`),
  "only an offset that is missing": manifestOf(`${config()} ${versions({ root: `${MISSING} 05` })} 00`),
  "an empty tree of height 1": manifestOf(`${config()} ${versions({ height: "01" })} 00`),
  "an empty tree with keys": manifestOf(`${config()} ${versions({ statistics: "01 00 00" })} 00`),
  "an empty tree in no file": manifestOf(`${config()} ${versions({ files: "00" })} 00`),
  "no versions": manifestOf(`${config()} 00 00 00`),
  "generation 0": manifestOf(`${config()} ${versions({ generations: [0] })} 00`),
  "too large a generation": manifestOf(`${config()} ${versions({ generations: [2n ** 60n + 17n] })} 00`),
  "a generation twice": manifestOf(`${config()} ${versions({ generations: [1, 1], times: [1, 2] })} 00`),
  "versions of two blocks": manifestOf(
    `${config()} ${versions({ generations: [16, 17], times: [1, 2] })} 00`,
  ),
  "a commit time twice": manifestOf(`${config()} ${versions({ generations: [1, 2], times: [5, 5] })} 00`),
  "arity 2^0": manifestOf(`${config({ arityLog2: 0 })} ${versions()} 00`),
  "arity 2^17": manifestOf(`${config({ arityLog2: 17 })} ${versions()} 00`),
  "manifest kind 2": manifestOf(`${config({ kind: 2 })} ${versions()} 00`),
  "compression method 2": manifestOf(`${UUID} 00 08 00 04 02 ${versions()} 00`),
  "zstd level 23": manifestOf(`${UUID} 00 08 00 04 01 17000000 ${versions()} 00`),
  "an inline length of 2^32": manifestOf(`${UUID} 00 ${varint(2 ** 32)} 00 04 00 ${versions()} 00`),
  "a byte too many in a manifest": manifestOf(`${plainBody} 00`),
  "no number of references": manifestOf(`${config()} ${versions()}`),
  "a numbered kind with versions": manifestOf(`${config({ kind: 1 })} ${versions()} 00`),
  "a newer version of the envelope": manifestOf(plainBody, "01 00"),
  "compression 2": manifestOf(plainBody, "00 02"),
  "a head of six bytes": manifestOf(plainBody, "808080808000 00"),
  "two zstd frames": zipped(
    joined([rawZstdFrame(hex(plainBody).subarray(0, 9)), rawZstdFrame(hex(plainBody).subarray(9))]),
  ),
  "a skippable frame after": zipped(joined([rawZstdFrame(hex(plainBody)), hex("502a4d18 00000000")])),
  "a skippable frame before": zipped(joined([hex("502a4d18 00000000"), rawZstdFrame(hex(plainBody))])),
  "a byte after the frame": zipped(joined([rawZstdFrame(hex(plainBody)), hex("00")])),
  "no frame": zipped(hex("")),
  "an empty manifest": { "manifest.ocdbt": hex("") },
  "a reference of height 0": referring(reference(2, 2, "00")),
  "a reference within a node": referring(reference(1, 1)),
  "a reference beyond its slot": referring(reference(4)),
  "a reference to no version": referring(reference(2, 0)),
  "a reference to too many versions": referring(reference(2, 3)),
  "a reference to no file": referring(reference(2, 2, "01", "01")),
  "a reference as young as the first version": referring(reference(2), 3, 1000),
  "a numbered manifest of another generation": numbered({ [nameOf(2)]: numberedManifest(1) }),
  "a damaged numbered manifest": numbered({ [nameOf(1)]: numberedManifest(1), [nameOf(2)]: utf8("?") }),
  "a numbered manifest without versions": numbered(manifestRenamed(nameOf(1), config({ kind: 1 }))),
  "a numbered manifest of another arity": numbered({
    [nameOf(1)]: numberedManifest(1, config({ arityLog2: 5 })),
  }),
  "a numbered manifest of another identity": numbered({
    [nameOf(1)]: numberedManifest(1, config().replace("0001", "ff01")),
  }),
};

function manifestRenamed(name: string, body: string): Files {
  return { [name]: envelope("manifest", hex(body)) };
}

/** We refuse them, TensorStore does not. */
const stricter: Record<string, readonly [Files, AcceptedDifference]> = {
  "a missing value": [
    valueOf(5, 0, "d/missing"),
    "a value whose data file is missing, or no file, is refused (10.3)",
  ],
  "a value in a directory": [
    valueOf(5, 0, "d"),
    "a value whose data file is missing, or no file, is refused (10.3)",
  ],
  "an empty value at 2^62": [
    valueOf(0, 2n ** 62n, "d/missing"),
    "an offset or length over 2^53 is refused (2)",
  ],
  "a path with a backslash": [
    { ...valueOf(1, 0, "d\\v"), "d\\v": utf8("v") },
    "a path with a backslash, a control character or a drive is refused (13)",
  ],
  "a path with a line break": [
    { ...valueOf(1, 0, "d/v\n"), "d/v\n": utf8("v") },
    "a path with a backslash, a control character or a drive is refused (13)",
  ],
  "a path with a drive": [
    { ...valueOf(1, 0, "C:/v"), "C:/v": utf8("v") },
    "a path with a backslash, a control character or a drive is refused (13)",
  ],
  "a missing manifest": [{ "d/x": utf8("?") }, "a manifest that is missing, or no file, is refused (10.3)"],
  "a directory as manifest": [
    { "manifest.ocdbt/x": utf8("?") },
    "a manifest that is missing, or no file, is refused (10.3)",
  ],
};

describe("a database that keeps the rules", () => {
  it.each(Object.keys(legal))("with %s is read by both alike", async (name) => {
    const dir = await folderOf(legal[name] ?? {});
    const theirs = await tensorStoreVerdict(oracle, dir);
    expect(theirs).toHaveProperty("content");
    expect(await ourVerdict(dir)).toEqual(theirs);
  });
});

describe("a database that breaks a rule", () => {
  it.each(Object.keys(illegal))("with %s is refused by both", async (name) => {
    const dir = await folderOf(illegal[name] ?? {});
    expect(await tensorStoreVerdict(oracle, dir)).toHaveProperty("error");
    expect(await ourVerdict(dir)).toHaveProperty("error");
  });
});

describe("a database that only TensorStore reads", () => {
  it.each(Object.entries(stricter))("has %s", async (_, [files, reason]) => {
    const dir = await folderOf(files);
    const ours = await ourVerdict(dir);
    expect(acceptedDifference(ours, await tensorStoreVerdict(oracle, dir))).toBe(reason);
  });

  it("has a link that leads out", async () => {
    await writeFile(join(scratch, "secret"), "v");
    const dir = await folderOf(valueOf(1, 0, "d/link"));
    await symlink(join(scratch, "secret"), join(dir, "d/link"));
    const ours = await ourVerdict(dir);
    expect(acceptedDifference(ours, await tensorStoreVerdict(oracle, dir))).toBe(
      "a link out of the database is refused (13)",
    );
  });
});

describe("a database that only we read", () => {
  it("has an empty value beyond the end of its file, which is not opened (8)", async () => {
    const dir = await folderOf(valueOf(0, 6));
    expect(await tensorStoreVerdict(oracle, dir)).toHaveProperty("error");
    expect(await ourVerdict(dir)).toMatchObject({ content: [{ key: "61", length: 0 }] });
  });
});
