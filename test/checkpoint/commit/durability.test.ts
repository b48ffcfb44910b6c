import { describe, expect, it } from "vitest";
import { save } from "../../../src/checkpoint/save/save.js";
import { IteratorCheckpoint } from "../../../src/datarax/iterator-checkpoint.js";
import { ShuffleSampler } from "../../../src/datarax/samplers/shuffle-sampler.js";
import { type BeforeChange, DurabilityLedger } from "../../conformance/durability.js";

const tree = (step: number) => ({ step, name: "run", params: { w: Float32Array.from({ length: 1000 }) } });

/** What a power cut would take of each directory at the moment when it gets its final name. */
function watch() {
  const atRename = new Map<string, string[]>();
  const before: BeforeChange = (change, atRisk) => {
    const [, from, to] = /^rename (\S+\.orbax-checkpoint-tmp) (\S+)$/.exec(change) ?? [];
    if (from === undefined || to === undefined) return;
    atRename.set(
      to,
      atRisk.filter((risk) => risk.includes(`${from}/`)),
    );
  };
  return { atRename, storage: new DurabilityLedger(before) };
}

describe("a power cut", () => {
  it("takes nothing of a checkpoint that has its name", async () => {
    const { atRename, storage } = watch();
    await save(storage, tree(1), { path: "7" });
    await save(storage, tree(2), { path: "7", overwrite: true });
    expect(atRename).toEqual(new Map([["/7", []]]));
    expect(storage.atRisk).toEqual([]);
  });

  it("takes nothing of an iterator's checkpoint, nor its name when the save has ended", async () => {
    const { atRename, storage } = watch();
    const checkpoints = new IteratorCheckpoint(storage);
    for (const step of [1, 2]) {
      await checkpoints.saveToDirectory(new ShuffleSampler({ datasetSize: 10, seed: 1 }), { step });
    }
    expect(atRename).toEqual(
      new Map([
        ["/ckpt-1", []],
        ["/ckpt-2", []],
      ]),
    );
    expect(storage.atRisk.filter((risk) => risk.includes("/ckpt-2"))).toEqual([]);
  });
});

describe("a commit", () => {
  it("makes its whole directory durable at the end, not file by file", async () => {
    const changes: string[] = [];
    let most = 0;
    const storage = new DurabilityLedger((change, atRisk) => {
      changes.push(change);
      if (change.startsWith("rename")) return;
      most = Math.max(most, atRisk.filter((risk) => risk.startsWith("bytes")).length);
    });
    await save(storage, tree(1), { path: "7" });
    // The last file is set when all others are at risk.
    expect(most).toBe(changes.filter((change) => /^(?:set|create) /.test(change)).length - 1);
  });
});
