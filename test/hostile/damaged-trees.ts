import { ndarray } from "../../src/zarr/nd-array.js";
import type { DamagedCases } from "./damaged-case.js";
import {
  arrayItem2,
  changed,
  type EntryPath,
  entry,
  ITEM,
  SEVEN,
  THREE_FLOATS,
  withEntries,
  withMembers,
  without,
  zarr2,
} from "./hand-item.js";

/** What {@link ITEM} holds. */
const WHOLE = {
  a: ndarray("float32", [1, 3], Float32Array.of(0, 1, 2)),
  c: ndarray("int16", [4], Int16Array.of(1, -2, 3, -4)),
  e: {},
  l: [7, true],
  n: null,
  s: "hi",
};

const STRICT = "restores it: section 15 says to be strict";

/** The entry of `l` with this key and type instead of `{"key": "0", "key_type": 1}`. */
const firstOfList = (key: unknown, type: unknown = 1) =>
  withEntries({ l0: { ...entry(["l", 0], "scalar"), key_metadata: [LIST, { key, key_type: type }] } });
const LIST = { key: "l", key_type: 2 };

const entryOf = (value: unknown) => withEntries({ n: value });
const empty = (path: EntryPath, type = "Dict") => entry(path, type, true);
const { key_metadata: KEYS, value_metadata: VALUE } = empty(["n"], "None");
const onlyLeaf = (name: string) => ({
  ...arrayItem2("", {}, { tree_metadata: { x: entry([name], "scalar") } }),
  [`${name}/.zarray`]: zarr2("<i8", []),
  [`${name}/0`]: SEVEN,
});

/** `_METADATA` and the files that stand beside it (sections 6, 8, 10, 15). */
export const damagedTrees: DamagedCases = {
  nothing: { files: ITEM, opens: WHOLE },

  // Reject list.
  "two entries with one path": {
    files: withEntries({ again: entry(["a"], "np.ndarray") }),
    refused: "_METADATA: tree: a",
    orbax: STRICT,
  },
  "a path that is leaf and container": {
    files: withEntries({ below: empty(["a", "x"]) }),
    refused: "_METADATA: tree: ",
    orbax: STRICT,
  },
  "a list with a dict's key": {
    files: withEntries({ key: empty(["l", "x"]) }),
    refused: "_METADATA: tree: ",
  },
  "an index 00": { files: firstOfList("00"), refused: "_METADATA: entry l0", orbax: STRICT },
  "an index +0": { files: firstOfList("+0"), refused: "_METADATA: entry l0", orbax: STRICT },
  "an index -1": { files: firstOfList("-1"), refused: "_METADATA: entry l0" },
  "an index x": { files: firstOfList("x"), refused: "_METADATA: entry l0" },
  "an index 0.0": { files: firstOfList("0.0"), refused: "_METADATA: entry l0" },
  "an empty index": { files: firstOfList(""), refused: "_METADATA: entry l0" },
  "an index 2^53": { files: firstOfList("9007199254740992"), refused: "_METADATA: entry l0" },
  "an index that is a number": { files: firstOfList(0), opens: WHOLE },
  "an index 0.5": { files: firstOfList(0.5), refused: "_METADATA: entry l0", orbax: STRICT },
  "a gap between the indices": {
    files: withEntries({ l1: entry(["l", 2], "scalar"), more: empty(["l", 3]) }),
    refused: "_METADATA: tree: ",
  },
  "an index too many": {
    files: withEntries({ l1: entry(["l", 5], "scalar") }),
    refused: "_METADATA: tree: ",
  },
  "a key of type 0": { files: firstOfList("0", 0), refused: "key_type" },
  "a key of type 3": { files: firstOfList("0", 3), refused: "key_type" },
  "a key of type null": { files: firstOfList("0", null), refused: "key_type" },
  "a key without type": {
    files: withEntries({ l0: { ...entry(["l", 0], "scalar"), key_metadata: [LIST, { key: "0" }] } }),
    refused: "key_type",
  },
  'a key of type "2"': { files: firstOfList("0", "2"), refused: "key_type" },

  // What an entry needs.
  "no key_metadata": { files: entryOf({ value_metadata: VALUE }), refused: "key_metadata" },
  "key_metadata that is null": {
    files: entryOf({ key_metadata: null, value_metadata: VALUE }),
    refused: "key_metadata",
  },
  "key_metadata that is an object": {
    files: entryOf({ key_metadata: { key: "n" }, value_metadata: VALUE }),
    refused: "key_metadata",
  },
  "a part of a path that is a string": {
    files: entryOf({ key_metadata: ["n"], value_metadata: VALUE }),
    refused: "an element of key_metadata",
  },
  "a part of a path without key": {
    files: entryOf({ key_metadata: [{ key_type: 2 }], value_metadata: VALUE }),
    refused: "entry n: key",
  },
  "no value_metadata": { files: entryOf({ key_metadata: KEYS }), refused: "value_metadata" },
  "no value_type": {
    files: entryOf({ key_metadata: KEYS, value_metadata: { skip_deserialize: true } }),
    refused: "value_type",
  },
  "a value_type that is null": {
    files: entryOf({ key_metadata: KEYS, value_metadata: { ...VALUE, value_type: null } }),
    refused: "value_type",
  },
  "no skip_deserialize": {
    files: entryOf({ key_metadata: KEYS, value_metadata: { value_type: "None" } }),
    refused: "skip_deserialize",
  },
  "an entry that is null": { files: entryOf(null), refused: "entry n" },
  "an entry that is a list": { files: entryOf([]), refused: "entry n" },
  "no tree_metadata": {
    files: withMembers(ITEM, "_METADATA", { tree_metadata: undefined }),
    refused: "tree_metadata",
  },
  "an empty tree_metadata": {
    files: withMembers(ITEM, "_METADATA", { tree_metadata: {} }),
    refused: "tree_metadata",
  },
  "tree_metadata that is a list": {
    files: withMembers(ITEM, "_METADATA", { tree_metadata: [] }),
    refused: "tree_metadata",
  },
  "_METADATA that is a list": {
    files: changed(ITEM, { _METADATA: "[]" }),
    refused: "_METADATA: tree metadata",
  },
  "_METADATA that is cut": {
    files: changed(ITEM, { _METADATA: '{"tree_metadata": {' }),
    refused: "_METADATA: tree metadata",
  },
  "_METADATA that is empty": { files: changed(ITEM, { _METADATA: "" }), refused: "_METADATA: tree metadata" },
  "_METADATA that is no UTF-8": {
    files: changed(ITEM, { _METADATA: Uint8Array.of(0x7b, 0xff, 0x7d) }),
    refused: "_METADATA: tree metadata",
  },
  "something behind _METADATA": {
    files: changed(ITEM, { _METADATA: '{"tree_metadata": {}} x' }),
    refused: "_METADATA: tree metadata",
  },
  "a value_type that is unknown": {
    files: withEntries({ c: entry(["c"], "my.Type") }),
    opens: WHOLE,
    orbax: "refuses it: section 15 says that every other type is an array",
  },
  "a typo in the type of an empty value": {
    files: withEntries({ n: empty(["n"], "none") }),
    refused: 'checkpoint: "no such file"',
  },

  // What nothing needs.
  "entries in another order": {
    files: withMembers(ITEM, "_METADATA", {
      tree_metadata: {
        k4: entry(["s"], "string"),
        k3: empty(["n"], "None"),
        k2: entry(["l", 1], "scalar"),
        '["l",0]': entry(["l", 0], "scalar"),
        "": empty(["e"]),
        k1: entry(["c"], "np.ndarray"),
        k0: entry(["a"], "np.ndarray"),
      },
    }),
    opens: WHOLE,
  },
  "unknown members everywhere": {
    files: withMembers(
      withEntries({ n: { ...entry(["n"], "None", true), new: 1, value_metadata: { ...VALUE, new: [] } } }),
      "_METADATA",
      { new: { a: NaN } },
    ),
    opens: WHOLE,
  },
  "an empty dict in front of its own members": {
    files: withEntries({ l: empty(["l"], "List") }),
    opens: WHOLE,
  },
  "no empties": {
    files: withEntries({ e: undefined, n: undefined }),
    opens: { a: WHOLE.a, c: WHOLE.c, l: WHOLE.l, s: WHOLE.s },
  },
  "NaN and integers of any size in custom_metadata": {
    files: changed(ITEM, {
      _METADATA: String(ITEM["_METADATA"]).replace(
        '"custom_metadata":null',
        '"custom_metadata":{"a":NaN,"b":-Infinity,"c":123456789012345678901234567890}',
      ),
    }),
    opens: WHOLE,
  },
  "no optional field": {
    files: withMembers(ITEM, "_METADATA", {
      use_ocdbt: undefined,
      use_zarr3: undefined,
      store_array_data_equal_to_fill_value: undefined,
      custom_metadata: undefined,
    }),
    opens: WHOLE,
  },

  // Flags that are not true to the files.
  "use_ocdbt without a database": {
    files: withMembers(ITEM, "_METADATA", { use_ocdbt: true }),
    opens: WHOLE,
    orbax: "refuses it: section 15 says to believe the files",
  },
  "use_zarr3 over arrays of zarr v2": {
    files: withMembers(ITEM, "_METADATA", { use_zarr3: true }),
    refused: "zarr.json",
  },
  "use_ocdbt that is a string": {
    files: withMembers(ITEM, "_METADATA", { use_ocdbt: "no" }),
    refused: "use_ocdbt",
  },
  "use_zarr3 that is a number": {
    files: withMembers(ITEM, "_METADATA", { use_zarr3: 2 }),
    refused: "use_zarr3",
  },

  // Leaves.
  "a scalar with an axis": {
    files: changed(ITEM, { "l.0/.zarray": zarr2("<i8", [1]) }),
    refused: "l/0: rank of a scalar",
  },
  "a scalar that claims to be an array": {
    files: withEntries({ l0: entry(["l", 0], "np.ndarray") }),
    opens: WHOLE,
  },
  "an array that claims to be of JAX": {
    files: withEntries({ c: entry(["c"], "jax.Array") }),
    opens: WHOLE,
    orbax: "refuses it: section 16 says what else reads it",
  },
  "an array that claims to be a scalar": {
    files: withEntries({ c: entry(["c"], "scalar") }),
    refused: "c: rank of a scalar",
  },
  "a string that claims to be a scalar": {
    files: withEntries({ s: entry(["s"], "scalar") }),
    refused: "s: .zarray",
  },
  "an array that is missing": { files: without(ITEM, "c"), refused: "c: .zarray" },
  "the first array missing": { files: without(ITEM, "a"), refused: "a/.zarray" },
  "array metadata that is missing": { files: without(ITEM, "c/.zarray"), refused: "c: .zarray" },
  "a name that leads above": { files: onlyLeaf(".."), refused: "no name of an array's directory" },
  "a name that leads above on its way": {
    files: { ...onlyLeaf("y"), _METADATA: onlyLeaf("x/../y")["_METADATA"] ?? "" },
    refused: "no name of an array's directory",
  },

  // Strings.
  "no _strings.json": { files: without(ITEM, "_strings.json"), refused: "_strings.json: not found" },
  "an empty _strings.json": {
    files: changed(ITEM, { "_strings.json": "" }),
    refused: "_strings.json: strings",
  },
  "a cut _strings.json": {
    files: changed(ITEM, { "_strings.json": '{"s":"hi"' }),
    refused: "_strings.json: strings",
  },
  "a string that is missing": {
    files: changed(ITEM, { "_strings.json": "{}" }),
    refused: '_strings.json: "s"',
  },
  "strings in a list": { files: changed(ITEM, { "_strings.json": '["hi"]' }), refused: '_strings.json: "s"' },
  "a string that is a number": {
    files: changed(ITEM, { "_strings.json": '{"s":5}' }),
    opens: { ...WHOLE, s: "5" },
  },
  "a string that is true": {
    files: changed(ITEM, { "_strings.json": '{"s":true}' }),
    opens: { ...WHOLE, s: "True" },
  },
  "strings that nobody asks for": {
    files: changed(ITEM, { "_strings.json": '{"s":"hi","t":[{}]}' }),
    opens: WHOLE,
  },

  // The step's own files.
  "no _CHECKPOINT_METADATA": { files: without(ITEM, "_CHECKPOINT_METADATA"), opens: WHOLE },
  "an empty _CHECKPOINT_METADATA": { files: changed(ITEM, { _CHECKPOINT_METADATA: "" }), opens: WHOLE },
  "_CHECKPOINT_METADATA that is cut": {
    files: changed(ITEM, { _CHECKPOINT_METADATA: '{"metrics": ' }),
    opens: WHOLE,
  },
  "_CHECKPOINT_METADATA that is {}": { files: changed(ITEM, { _CHECKPOINT_METADATA: "{}" }), opens: WHOLE },
  "no commit_success.txt": { files: without(ITEM, "commit_success.txt"), opens: WHOLE },
  "a commit_success.txt of something else": {
    files: changed(ITEM, { "commit_success.txt": THREE_FLOATS }),
    opens: WHOLE,
  },
  "files that belong to nothing": {
    files: changed(ITEM, { "x/y": "z", ".orbax-delete-1": "" }),
    opens: WHOLE,
  },
};
