import { expect, it } from "vitest";
import { writeOcdbt } from "../../src/ocdbt/writer.js";
import { DurabilityLedger } from "../conformance/durability.js";

const entries = [
  ["inline", new Uint8Array(10)],
  ["out of line", new Uint8Array(5000)],
] as const;

it("writeOcdbt sets the manifest when a power cut would take nothing of the data files", async () => {
  const atManifest: string[][] = [];
  const storage = new DurabilityLedger((change, atRisk) => {
    if (change === "set /manifest.ocdbt") atManifest.push(atRisk.filter((risk) => risk !== "name /d"));
  });
  await writeOcdbt(storage, entries, { targetDataFileBytes: 4000 });
  expect(atManifest).toEqual([[]]);
  expect(storage.atRisk).toEqual([]);
});

it("writeOcdbt leaves a database that need not be durable to one sync of all", async () => {
  const storage = new DurabilityLedger();
  await storage.makeDirectory("/database");
  await storage.sync("/");
  await writeOcdbt(storage, entries, { path: "database", durable: false });
  const atRisk = storage.atRisk.map((risk) => risk.replace(/[0-9a-f]{32}/, "<hex>"));
  expect(atRisk).toEqual([
    "bytes /database/d/<hex>",
    "bytes /database/manifest.ocdbt",
    "name /database/d",
    "name /database/d/<hex>",
    "name /database/manifest.ocdbt",
  ]);
  await storage.sync("/database", { recursive: true });
  expect(storage.atRisk).toEqual([]);
});
