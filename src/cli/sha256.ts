/** SHA-256, in hexadecimal. */
export type Sha256 = {
  /** Of one piece of memory. */
  of(bytes: Uint8Array): string;
  /** Of pieces one after the other. */
  begin(): { update(bytes: Uint8Array): void; end(): string };
};

/** One call of Node's takes less than 2 GiB. */
const PIECE_BYTES = 2 ** 26;

/** Loads Node's own: most commands do without, and start sooner. */
export async function loadSha256(): Promise<Sha256> {
  const { createHash, hash } = await import("node:crypto");
  const begin = () => {
    const hasher = createHash("sha256");
    return {
      update: (bytes: Uint8Array) => void hasher.update(bytes),
      end: () => hasher.digest("hex"),
    };
  };
  const of = (bytes: Uint8Array) => {
    if (bytes.length <= PIECE_BYTES) return hash("sha256", bytes, "hex"); // half the cost for a short one
    const hasher = begin();
    for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
      hasher.update(bytes.subarray(start, start + PIECE_BYTES));
    }
    return hasher.end();
  };
  return { of, begin };
}
