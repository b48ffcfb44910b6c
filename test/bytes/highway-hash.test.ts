import { describe, expect, it } from "vitest";
import { highwayHash64 } from "../../src/bytes/highway-hash.js";

/** The reference implementation's own vectors: of the bytes 0, 1, 2, … n − 1, for n from 0 to 64. */
const PUBLISHED = `
  907a56de22c26e53 7eab43aac7cddd78 b8d0569ab0b53d62 5c6befab8a463d80 f205a46893007eda 2b8a1668e4a94541
  bd4ccc325befca6f 4d02ae1738f59482 e1205108e55f3171 32d2644ec77a1584 f6e10acdb103a90b c3bbf4615b415c15
  243cc2040063fa9c a89a58ce65e641ff 24b031a348455a23 40793f86a449f33b cfab3489f97eb832 19fe67d2c8c5c0e2
  04dd90a69c565cc2 75d9518e2371c504 38ad9b1141d3dd16 0264432ccd8a70e0 a9db5a6288683390 d7b05492003f028c
  205f615aea59e51e eee0c89621052884 1bfc1a93a7284f4f 512175b5b70da91d f71f8976a0a2c639 ae093fef1f84e3e7
  22ca92b01161860f 9fc7007ccf035a68 a0c964d9ecd580fc 2c90f73ca03181fc 185cf84e5691eb9e 4fc1f5ef2752aa9b
  f5b7391a5e0a33eb b9b84b83b4e96c9c 5e42fe712a5cd9b4 a150f2f90c3f97dc 7fa522d75e2d637d 181ad0cc0dffd32b
  3889ed981e854028 fb4297e8c586ee2d 6d064a45bb28059c 90563609b3ec860c 7aa4fce94097c666 1326bac06b911e08
  b926168d2b154f34 9919848945b1948d a2a98fc534825ebe e9809095213ef0b6 582e5483707bc0e9 086e9414a88a6af5
  ee86b98d20f6743d f89b7ff609b1c0a7 4c7d9cc19e22c3e8 9a97005024562a6f 5dd41cf423e6ebef df13609c0468e227
  6e0da4f64188155a b755ba4b50d7d4a1 887a3484647479bd ab8eebe9bf2139a0 75542c5d4cd2a6ff`
  .trim()
  .split(/\s+/);

const KEY = [0x0706050403020100n, 0x0f0e0d0c0b0a0908n, 0x1716151413121110n, 0x1f1e1d1c1b1a1918n] as const;
const SMALL_KEY = [1n, 2n, 3n, 4n] as const;

describe("HighwayHash of 64 bits", () => {
  it("gives the published hashes of 0 to 64 bytes", () => {
    const hashes = PUBLISHED.map((_, length) =>
      highwayHash64(
        KEY,
        Uint8Array.from({ length }, (_, i) => i),
      ),
    );
    expect(hashes.map((hash) => hash.toString(16).padStart(16, "0"))).toEqual(PUBLISHED);
  });

  it("gives the published hashes with another key", () => {
    const bytes = Uint8Array.from({ length: 33 }, (_, index) => 128 + index);
    expect(highwayHash64(SMALL_KEY, bytes)).toBe(0x53c516cce478cad7n);
    expect(highwayHash64(SMALL_KEY, Uint8Array.of(255))).toBe(0x7858f24d2d79b2b2n);
  });

  it("reads a view of a larger buffer", () => {
    const bytes = Uint8Array.from({ length: 70 }, (_, index) => index - 3).subarray(3, 44);
    expect(highwayHash64(KEY, bytes).toString(16)).toBe(PUBLISHED[41]);
  });
});
