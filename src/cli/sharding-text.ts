import { isJsonArray, isJsonObject, type JsonObject, type JsonValue, parseJsonText } from "../bytes/json.js";
import { isOrbaxError } from "../errors.js";

/**
 * A `_sharding` text for people: `cpu:0` for one device, `P(x, None) on x=4 y=2` for a mesh; the text itself where it
 * is something else (docs/spec/orbax-layout.md section 10).
 */
export function shardingText(text: string): string {
  const json = parse(text);
  if (!isJsonObject(json)) return text;
  const { sharding_type: type, device_str: device } = json;
  if (type === "SingleDeviceSharding" && typeof device === "string") return device;
  if (type === "NamedSharding") return namedSharding(json) ?? text;
  return typeof type === "string" ? type : text;
}

function parse(text: string): JsonValue {
  try {
    return parseJsonText(text, "_sharding");
  } catch (error) {
    if (isOrbaxError(error)) return null;
    throw error;
  }
}

function namedSharding({ shape, axis_names: names, partition_spec: spec }: JsonObject): string | undefined {
  if (!isJsonArray(shape) || !isJsonArray(names) || !isJsonArray(spec)) return undefined;
  const mesh = names.map((name, axis) => `${partText(name)}=${partText(shape[axis])}`).join(" ");
  return `P(${spec.map(partText).join(", ")}) on ${mesh}`;
}

function partText(part: JsonValue | undefined): string {
  if (part === null) return "None";
  if (isJsonArray(part)) return `(${part.map(partText).join(", ")})`;
  return typeof part === "string" || typeof part === "number" ? String(part) : "?";
}
