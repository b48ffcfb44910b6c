import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../cli/run-cli.js";
import { comparableDump } from "./comparable-dump.js";
import { exactJson } from "./exact-json.js";
import { type ExpectedDump, expectedOf, fixtureNames, releases, unpack } from "./release-fixture.js";

/** A line of its own and nothing else: what is on stderr when a checkpoint cannot be read. */
const ONE_LINE = /^orbax-ts: [^\n]+\n$/;
const WARNING = /^orbax-ts: warning: [^\n]+\n$/;

// scripts/matrix.mjs reads the release and the fixture's name from these titles.
describe.each(releases())("Orbax %s", (release) => {
  describe.each(fixtureNames(release))("%s", (name) => {
    let folder = "";
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "orbax-ts-release-"));
      unpack(release, name, folder);
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    const { dumps, ls = [] } = expectedOf(release, name);
    it.each(dumps.map((entry) => ({ title: titleOf(entry), entry })))("$title", async ({ entry }) => {
      const { code, out, err } = await runCli([
        "dump",
        join(folder, entry.path),
        "--json",
        ...optionsOf(entry),
      ]);
      if (entry.refused !== undefined) {
        expect({ code, out }).toEqual({ code: 2, out: "" });
        expect(err).toMatch(ONE_LINE);
        expect(err).toContain(entry.refused);
      } else {
        expect({ code, err: entry.salvage ? err.replace(WARNING, "") : err }).toEqual({ code: 0, err: "" });
        if (entry.salvage) expect(err).toMatch(WARNING);
        expect(comparableDump(exactJson(out))).toEqual(comparableDump(entry.dump));
      }
    });

    it.each(ls)("lists $path", async ({ path, ls: listing }) => {
      const { code, out, err } = await runCli(["ls", join(folder, path), "--json"]);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(exactJson(out)).toEqual(listing);
    });
  });
});

function titleOf({ path, step, item, salvage, refused }: ExpectedDump): string {
  const verb = refused !== undefined ? "refuses" : salvage ? "salvages" : "dumps";
  return [
    verb,
    refused !== undefined && salvage && "to salvage",
    path,
    step !== null && `step ${step}`,
    item !== null && `item ${item}`,
  ]
    .filter(Boolean)
    .join(" ");
}

function optionsOf({ step, item, salvage }: ExpectedDump): string[] {
  return [
    ...(step === null ? [] : [`--step=${step}`]),
    ...(item === null ? [] : ["--item", item]),
    ...(salvage ? ["--salvage"] : []),
  ];
}
