/** The polynomial of IEEE 802.3 with its bits reversed (RFC 1952 section 8). */
const POLYNOMIAL = 0xedb88320;

const TABLE = /* @__PURE__ */ buildTable();

function buildTable(): Int32Array {
  const table = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
    table[byte] = crc;
  }
  return table;
}

/** CRC-32 (reflected, initial value and final xor `ffffffff`) of `bytes`, unsigned, as gzip has it. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}
