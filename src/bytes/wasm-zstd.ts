import { OrbaxError } from "../errors.js";
import type { DecompressFailure } from "./decompressor.js";
import type { ZstdEngine, ZstdRoom } from "./zstd-engine.js";
import { cutZstdFrame } from "./zstd-frame.js";

/** The part of `zstddec` that is used. It has no errors: where libzstd reports one, an empty array comes out. */
type Decoder = { decode(frame: Uint8Array, capacity: number): Uint8Array };

/** The module's memory ends at 2 GiB. */
const MEMORY_BYTES = 2 ** 31;
/** More than its own data and the state of one decoding take. */
const OVERHEAD_BYTES = 4 * 2 ** 20;
/** Below that, the memory that it starts with is enough. */
const ALWAYS_THERE_BYTES = 8 * 2 ** 20;
const OVERFLOW_ROUNDS = 8;
/** `abc` in a raw block. */
const TINY_FRAME = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 3, 0x19, 0, 0, 0x61, 0x62, 0x63);

/**
 * libzstd as WebAssembly, for platforms without a zstd of their own. Loading costs about as much as a start of
 * Node.
 *
 * @throws {OrbaxError} `UNSUPPORTED` where WebAssembly, or `fetch` of a `data:` address, is forbidden.
 */
export async function loadWasmZstd(): Promise<ZstdEngine> {
  const { ZSTDDecoder } = await import("zstddec");
  const decoder = new ZSTDDecoder();
  try {
    await decoder.init();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OrbaxError("UNSUPPORTED", `zstd: WebAssembly cannot be loaded: ${reason}`, {}, { cause });
  }
  return { decompress: (frame, room) => decompress(decoder, frame, room), compress: undefined };
}

function decompress(
  decoder: Decoder,
  frame: Uint8Array,
  { capacity, fit }: ZstdRoom,
): Uint8Array | DecompressFailure {
  try {
    if (!hasRoom(decoder, frame.length + capacity)) return { failure: "too large" };
    const content = decoder.decode(frame, capacity);
    if (content.length > 0) return content;
    return { failure: fit === "unknown" && overflows(decoder, frame, capacity) ? "too long" : "damaged" };
  } catch (cause) {
    if (cause instanceof RangeError) return { failure: "too large", cause }; // no memory for the result
    throw cause;
  }
}

/**
 * Whether the module can allocate `bytes`. It does not check that itself: a failed allocation would be written to
 * address 0 and upwards, over its own tables, and a length over 32 bits would wrap around. Here a tiny frame asks
 * for the same memory, which libzstd refuses to write to when it is missing, and which stays for the next call.
 */
function hasRoom(decoder: Decoder, bytes: number): boolean {
  const needed = bytes + OVERHEAD_BYTES;
  if (needed <= ALWAYS_THERE_BYTES) return true;
  return needed < MEMORY_BYTES && decoder.decode(TINY_FRAME, needed).length === 3;
}

/**
 * Tells content beyond `capacity` from damage, which look the same: the first blocks are decoded with room enough
 * for them, then as many more as can exceed the capacity after what these held. Real frames take a few rounds:
 * encoders make nearly all blocks at least half full. Where that is not enough, damage is the answer.
 */
function overflows(decoder: Decoder, frame: Uint8Array, capacity: number): boolean {
  let kept = 0;
  let length = 0;
  for (let round = 0; round < OVERFLOW_ROUNDS; round++) {
    const start = cutZstdFrame(frame, kept, capacity - length);
    const room = length + start.addedBytes;
    if (start.frame.length === kept || !hasRoom(decoder, start.frame.length + room)) return false;
    kept = start.frame.length;
    length = decoder.decode(start.frame, room).length;
    if (length > capacity) return true;
    if (length === 0) return false;
  }
  return false;
}
