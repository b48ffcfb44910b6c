import { describe, expect, it } from "vitest";
import { EpochAwareSamplerModule } from "../../../src/datarax/samplers/epoch-aware-sampler.js";
import { scalar } from "../../../src/pytree/value.js";
import { ndarray } from "../../../src/zarr/nd-array.js";

const RNGS = { default: 0 };

function sevenSeeded(): EpochAwareSamplerModule {
  return new EpochAwareSamplerModule({ numRecords: 5, numEpochs: 2, seed: 7, rngs: RNGS });
}

describe("EpochAwareSamplerModule", () => {
  it("asks for streams when it shuffles, with Datarax's text", () => {
    expect(() => new EpochAwareSamplerModule({ numRecords: 3 })).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: "Stochastic structural modules require rngs parameter. Pass rngs=nnx.Rngs(..., sample=...)",
      }),
    );
    expect([...new EpochAwareSamplerModule({ numRecords: 3, shuffle: false })]).toEqual([0, 1, 2]);
  });

  it("tells the number of each epoch that has ended, before the next one begins", () => {
    const events: string[] = [];
    const sampler = new EpochAwareSamplerModule({
      numRecords: 2,
      numEpochs: 2,
      shuffle: false,
      onEpochComplete: (epoch) => events.push(`end of ${epoch}`),
    });
    for (const record of sampler) events.push(`record ${record}`);
    expect([...sampler]).toEqual([]);
    expect(events).toEqual(["record 0", "record 1", "end of 0", "record 0", "record 1", "end of 1"]);
  });

  it("still calls back after a restore", () => {
    const ended: number[] = [];
    const sampler = new EpochAwareSamplerModule({
      numRecords: 2,
      rngs: RNGS,
      onEpochComplete: (epoch) => ended.push(epoch),
    });
    sampler.setState({ ...sampler.getState(), current_epoch: 4, num_epochs: -1, current_index: 2 });
    sampler.next();
    expect(ended).toEqual([4]);
  });

  it("wraps the seed of an epoch at 2^32, also a seed that only a state can have", () => {
    const sampler = new EpochAwareSamplerModule({ numRecords: 50, numEpochs: 1, seed: 1, rngs: RNGS });
    const order = [...sampler];
    sampler.setState({
      ...sampler.getState(),
      base_seed: 3n * 2n ** 32n - 1n,
      current_epoch: 2,
      num_epochs: 3,
      current_index: 0,
    });
    expect([...sampler]).toEqual(order);
    sampler.setState({
      ...sampler.getState(),
      base_seed: -1,
      current_epoch: 2,
      num_epochs: 3,
      current_index: 0,
    });
    expect([...sampler]).toEqual(order);
  });

  it.each([
    ["a bool", false],
    ["an exact bool", scalar("bool", false)],
    ["an array of rank 0", ndarray("bool", [], Uint8Array.of(0))],
    ["an int", 0],
  ])("takes shuffle as %s", (_, shuffle) => {
    const sampler = new EpochAwareSamplerModule({ numRecords: 4, rngs: RNGS });
    sampler.setState({ ...sampler.getState(), shuffle });
    expect([...sampler]).toEqual([0, 1, 2, 3]);
  });

  it("refuses shuffle as text and stays as it was", () => {
    const sampler = new EpochAwareSamplerModule({ numRecords: 4, rngs: RNGS });
    const before = sampler.getState();
    expect(() => sampler.setState({ ...before, shuffle: "yes", current_index: 2 })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
    expect(sampler.getState()).toEqual(before);
  });

  it("keeps what a state says of callbacks and stream, of which it has no use", () => {
    const sampler = new EpochAwareSamplerModule({ numRecords: 4, rngs: RNGS });
    sampler.setState({ ...sampler.getState(), stream_name: "order", epoch_complete_callbacks: [1] });
    expect(sampler.getState()).toMatchObject({ stream_name: "order", epoch_complete_callbacks: [1] });
    sampler.setState({ ...sampler.getState(), stream_name: null });
    expect(sampler.getState()).toMatchObject({ stream_name: "order" });
  });

  it("goes on after a loop that was left early, and starts over by reset", () => {
    const whole = [...sevenSeeded()];
    const sampler = sevenSeeded();
    const taken: number[] = [];
    for (const record of sampler) if (taken.push(record) === 6) break;
    expect([...taken, ...sampler]).toEqual(whole);
    sampler.reset();
    expect([...sampler]).toEqual(whole);
    sampler.reset(8);
    expect(sampler.getState()).toMatchObject({ base_seed: 8, current_epoch: 0, current_index: 0 });
  });

  it("knows the length of all epochs", () => {
    expect(new EpochAwareSamplerModule({ numRecords: 5, numEpochs: 3, rngs: RNGS }).length).toBe(15);
  });

  it("ignores the range of a seed that it does not use", () => {
    expect([...new EpochAwareSamplerModule({ numRecords: 2, shuffle: false, seed: -5 })]).toEqual([0, 1]);
    expect(() => new EpochAwareSamplerModule({ numRecords: 2, seed: -5, rngs: RNGS })).toThrow(
      "seed must be in [0, 2**32), got -5",
    );
  });
});
