import { describe, expect, it } from "vitest";
import { shardingText } from "../../src/cli/sharding-text.js";

describe("shardingText", () => {
  // Texts as Orbax 0.12.8 and 0.11.20 write them (docs/spec/orbax-layout.md section 10).
  it.each([
    ['{"sharding_type":"SingleDeviceSharding","device_str":"cpu:0"}', "cpu:0"],
    ['{"sharding_type":"SingleDeviceSharding","device_str":"TFRT_CPU_0"}', "TFRT_CPU_0"],
    [
      '{"sharding_type":"NamedSharding","shape":[4,2],"axis_names":["x","y"],"partition_spec":["x",null,["x","y"]]}',
      "P(x, None, (x, y)) on x=4 y=2",
    ],
    ['{"sharding_type":"PositionalSharding"}', "PositionalSharding"],
    ['{"sharding_type":"NamedSharding","shape":4}', '{"sharding_type":"NamedSharding","shape":4}'],
    ["no JSON", "no JSON"],
    ['{"sharding_type":7}', '{"sharding_type":7}'],
  ])("shows %s", (text, shown) => {
    expect(shardingText(text)).toBe(shown);
  });
});
