import { hex } from "./bytes.js";

/** The bytes of docs/spec/ocdbt.md sections 15 and 16, as TensorStore wrote them, with the fields that they hold. */

/** Data file of the database of 15.1 and 15.2. */
export const PATH_15_1 = "d/2fb3afebf9ace26fce6c302c19863ccb";

/** 15.1: one version, tree of two keys. */
export const MANIFEST_15_1 = hex(`
  0c db 3a 2a                                      # magic: manifest
  61 00 00 00 00 00 00 00                          # length 97
  00                                               # version 0
  00                                               # compression: none
  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f  # uuid
  00                                               # manifest_kind 0 = single
  08                                               # max_inline_value_bytes 8
  80 80 80 04                                      # max_decoded_node_bytes 8388608
  04                                               # version_tree_arity_log2 4
  00                                               # compression_method: none (no level follows)
  01                                               # data file table: 1 file (so no prefix column)
  22                                               # suffix_length 34
  00                                               # base_length 0
  64 2f 32 66 62 33 61 66 65 62 66 39 61 63 65 32
  36 66 63 65 36 63 33 30 32 63 31 39 38 36 33 63
  63 62                                            # the path
  01                                               # 1 inline version
  01                                               # generation 1
  00                                               # root_height 0: the root is a leaf
  00                                               # data_file_id 0
  0d                                               # offset 13
  49                                               # length 73
  02                                               # num_keys 2
  49                                               # num_tree_bytes 73
  0d                                               # num_indirect_value_bytes 13
  a5 4e 4e df 5e d9 ea 18                          # commit_time 1795486402957168293 ns
  00                                               # 0 version-node references
  d5 1c 9e 79                                      # CRC-32C of the 93 bytes before
`);

/** 15.2: a value of 13 bytes, then the root leaf of 73. */
export const DATA_FILE_15_2 = hex(`
  48 65 6c 6c 6f 2c 20 4f 43 44 42 54 21           # value of "a/0": "Hello, OCDBT!"
  0c db 20 de                                      # offset 13: magic: B+tree node
  49 00 00 00 00 00 00 00                          # length 73
  00 00                                            # version 0, compression none
  00                                               # height 0: leaf
  01 22 00                                         # table: 1 file, suffix 34, base 0
  "${PATH_15_1}"
  02                                               # 2 entries
  02                                               # key_prefix_length[1] = 2
  04 01                                            # key_suffix_length: 4, 1
  61 2f 2e 7a   30                                 # "a/.z", then "0" -> "a/0"
  02 0d                                            # value_length: 2, 13
  00 01                                            # value_kind: inline, out of line
  00                                               # data_file_id of the one out-of-line value
  00                                               # its offset 0
  7b 7d                                            # inline value "{}"
  5a b3 55 41                                      # CRC-32C
`);

/** Data file of the tree of 15.3. */
export const PATH_15_3 = "d/09fb5b9cb7974def60cb82112ec4eeca";

/** 15.3: leaves at 0 and 32, root of height 1 at 64. */
export const DATA_FILE_15_3 = hex(`
  0c db 20 de 20 00 00 00 00 00 00 00 00 00 00 00  # leaf 0: length 32, raw, height 0, table of 0 files
  02 00 01 01 61 62 01 01 00 00 31 32 3b 47 f3 22  # 2 entries; prefix 0; suffixes; "a" "b"; lengths; kinds; values
  0c db 20 de 20 00 00 00 00 00 00 00 00 00 00 00  # leaf 1: the same with values "3" "4"
  02 00 01 01 61 62 01 01 00 00 33 34 3d 90 17 23
  0c db 20 de 50 00 00 00 00 00 00 00 00 00 01     # root: length 80, raw, height 1
  01 22 00 "${PATH_15_3}"                          # table: this data file
  02                                               # 2 children
  02                                               # key_prefix_length[1] = 2
  04 02                                            # key_suffix_length
  03 03                                            # subtree_common_prefix_length: "w/a", "w/b"
  77 2f 61 61   62 61                              # "w/aa", "w/" + "ba" = "w/ba"
  00 00   00 20   20 20                            # data_file_id, offset, length
  02 02   20 20   00 00                            # num_keys, num_tree_bytes, num_indirect_value_bytes
  62 8f 9a f5                                      # CRC-32C
`);

/** 16: (base + relative) "" + "d/cc", "ocdbt.process_0/" + "d/aa" and + "d/ab", "ocdbt.process_1/" + "d/ab". */
export const DATA_FILE_TABLE = hex(`
  04
  00 13 0e                                         # the third shares 19 bytes with the second, beyond its base
  04 14 01 06
  00 10 10 10
  "d/cc" "ocdbt.process_0/d/aa" "b" "1/d/ab"
`);

/** 16: the manifest of an empty database, arity_log2 4, commit_time 1. */
export const EMPTY_MANIFEST = hex(`
  0cdb3a2a 5100000000000000 00 00
  000102030405060708090a0b0c0d0e0f 00 64 80808004 04 00
  01 00 00                                         # table: 1 file, suffix 0, base 0
  01 01 00 00                                      # 1 version: generation 1, height 0, data_file_id 0
  ffffffffffffffffff01 ffffffffffffffffff01        # offset, length: missing
  00 00 00                                         # statistics
  0100000000000000 00 7e9fd5ab                     # commit_time, 0 version nodes, CRC-32C
`);

/** 16: version-tree leaf, 80 bytes, arity_log2 1: an empty generation 1, generation 2 at `d/x` 5+64. */
export const VERSION_LEAF = hex(`
  0cdb1234 5000000000000000 00 00   01 00          # envelope head, arity_log2 1, height 0
  02 00 00 03 00 00 642f78                         # table: "" and "d/x"
  02 01 02 00 00 00 01                             # 2 versions; generations; heights; data_file_ids
  ffffffffffffffffff01 05 ffffffffffffffffff01 40  # offsets, lengths
  00 03 00 40 00 07                                # num_keys, num_tree_bytes, num_indirect_value_bytes
  e803000000000000 d007000000000000 d15debf4       # commit times 1000 and 2000, CRC-32C
`);

/** 16: version-tree node of height 1 over {@link VERSION_LEAF}, which lies at 69. */
export const VERSION_NODE = hex(`
  0cdb1234 2800000000000000 00 00 01 01
  01 03 00 642f78
  01 02 00 45 50 02 e803000000000000 85d6c70d
`);

/** 16: a manifest that refers to {@link VERSION_NODE} at 149. */
export const MANIFEST_WITH_REFERENCE = hex(`
  0cdb3a2a 5200000000000000 00 00 000102030405060708090a0b0c0d0e0f 00 64 80808004 01 00
  01 03 00 642f78
  01 03 00 00 c801 40 03 40 07 b80b000000000000    # generation 3 at 200+64, time 3000
  01 02 00 9501 28 02 e803000000000000 01          # generation 2, 149+40, 2 versions, oldest 1000, height 1
  9eda1719
`);

/** The stored body of an envelope without compression. */
export function bodyOf(envelope: Uint8Array): Uint8Array {
  return envelope.subarray(14, envelope.length - 4);
}
