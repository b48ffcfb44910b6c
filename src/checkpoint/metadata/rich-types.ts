import {
  expectArray,
  expectObject,
  expectString,
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
} from "../../bytes/json.js";
import { dataLoss } from "../../errors.js";
import type { Limits } from "../../limits.js";
import type { KeyPath, KeyPathPart } from "../../pytree/key-path.js";
import type { ContainerType } from "../../pytree/unflatten.js";

/** What `value_metadata_tree` says about the containers of a tree, by their key paths. */
export type RichTypes = { typeAt(path: KeyPath): ContainerType | undefined };

const what = "value_metadata_tree";

/**
 * Decodes the text of `value_metadata_tree`, which tells tuples and named tuples from lists and dicts
 * (docs/spec/orbax-layout.md section 6). Only what is asked for is looked at.
 *
 * @throws {OrbaxError} `DATA_LOSS` if it is no JSON; `typeAt` the same for a container that is none of Orbax's.
 */
export function decodeRichTypes(text: string, limits?: Partial<Limits>): RichTypes {
  const root = new RichNode(parseJson(new TextEncoder().encode(text), what, limits));
  return {
    typeAt: (path) => {
      let node: RichNode | undefined = root;
      for (const part of path) node = node?.child(part);
      return node?.type;
    },
  };
}

/** A node of the tree; what is below it is decoded when it is asked for, once. */
class RichNode {
  readonly type: ContainerType | undefined;
  readonly #members: ReadonlyMap<KeyPathPart, JsonValue>;
  readonly #children = new Map<KeyPathPart, RichNode>();

  constructor(json: JsonValue) {
    const { type, members } = describe(json);
    this.type = type;
    this.#members = members;
  }

  child(part: KeyPathPart): RichNode | undefined {
    const known = this.#children.get(part);
    const json = this.#members.get(part);
    if (known !== undefined || json === undefined) return known;
    const child = new RichNode(json);
    this.#children.set(part, child);
    return child;
  }
}

type Described = {
  readonly type: ContainerType | undefined;
  readonly members: ReadonlyMap<KeyPathPart, JsonValue>;
};

function describe(json: JsonValue): Described {
  if (isJsonArray(json)) return { type: undefined, members: new Map(json.entries()) };
  if (!isJsonObject(json)) return { type: undefined, members: new Map() };
  if (json["category"] === "namedtuple") return describeNamedTuple(json);
  if (json["category"] === "custom") return describeCustom(json);
  return { type: undefined, members: new Map(Object.entries(json)) };
}

function describeNamedTuple(json: JsonObject): Described {
  const members = new Map<KeyPathPart, JsonValue>();
  for (const entry of expectArray(json["entries"], what, "entries")) {
    const { key, value } = expectObject(entry, what, "an entry");
    if (value !== undefined) members.set(expectString(key, what, "key"), value);
  }
  const className = expectString(json["clazz"], what, "clazz");
  return { type: { kind: "named-tuple", names: Array.from(members.keys(), String), className }, members };
}

function describeCustom(json: JsonObject): Described {
  const clazz = expectString(json["clazz"], what, "clazz");
  if (clazz === "tuple") {
    return {
      type: { kind: "tuple" },
      members: new Map(expectArray(json["entries"], what, "entries").entries()),
    };
  }
  if (clazz !== "ValueMetadataEntry") {
    throw dataLoss(what, { field: "clazz", found: clazz, expected: "tuple or ValueMetadataEntry" });
  }
  const { value_type: valueType } = expectObject(json["data"], what, "data");
  return { type: valueType === "NamedTuple" ? EMPTY_NAMED_TUPLE : undefined, members: new Map() };
}

/** Orbax restores every named tuple without fields as one of this class. */
const EMPTY_NAMED_TUPLE: ContainerType = {
  kind: "named-tuple",
  names: [],
  className: "OrbaxEmptyNamedTuple",
};
