import { describe, expect, it } from "vitest";
import { type OcdbtDatabase, openOcdbt } from "../../src/ocdbt/reader.js";
import { envelope, hex, u64le, utf8, varint } from "./bytes.js";
import { config, manifest, storageOf, table } from "./databases.js";
import { contentOf } from "./sample-databases.js";

/** Three directories deep: `a/` below the parent, `b/` below that, each with a node or value of its own. */
async function nested(): Promise<OcdbtDatabase> {
  const leaf = envelope(
    "node",
    hex('00   02  00  03 03   00 00  "d/v" "d/w"   02  00  01 01 "kl"   01 01   01 01   00 01   00 00'),
  );
  const middle = envelope(
    "node",
    hex(`01   ${table(["b/|d/leaf"])}   01   01 00 "k"   00 00 ${varint(leaf.length)}   00 00 00`),
  );
  const root = envelope(
    "node",
    hex(`02   ${table(["a/|d/middle"])}   01   01 00 "k"   00 00 ${varint(middle.length)}   00 00 00`),
  );
  return openOcdbt(
    storageOf({
      "manifest.ocdbt": manifest({ file: "d/root", offset: 0, length: root.length }, 2),
      "d/root": root,
      "a/d/middle": middle,
      "a/b/d/leaf": leaf,
      "a/b/d/v": utf8("v"),
      "a/b/d/w": utf8("w"),
      "d/v": utf8("wrong"),
    }),
  );
}

describe("base paths", () => {
  it("add up from node to node, and hold for values", async () => {
    const database = await nested();
    expect(await contentOf(database)).toEqual({ k: "v", l: "w" });
    expect(await database.get("l")).toEqual(utf8("w"));
  });

  it("in the manifest hold for the root and all below", async () => {
    const root = envelope("node", hex('00   01 03 00 "d/v"   01   01 "k"   01   01   00   00'));
    const database = await openOcdbt(
      storageOf({
        "manifest.ocdbt": envelope(
          "manifest",
          hex(
            `${config()} ${table(["p/|d/r"])} 01 01 00 00 00 ${varint(root.length)} 00 00 00 ${u64le(1)} 00`,
          ),
        ),
        "p/d/r": root,
        "p/d/v": utf8("v"),
      }),
    );
    expect(await contentOf(database)).toEqual({ k: "v" });
  });
});
