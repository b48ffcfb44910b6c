import * as zlib from "node:zlib";
import { invalidArgument } from "../errors.js";
import type { DecompressFailure } from "./decompressor.js";
import { chunkSizeFor, MAX_INPUT_BYTES, standalone, zlibErrorCode } from "./node-zlib.js";
import type { ZstdEngine, ZstdRoom } from "./zstd-engine.js";

/** The part of `node:zlib` that Node has since 22.15, in the form used here. */
type ZstdModule = {
  zstdDecompressSync(
    frame: Uint8Array,
    options: {
      params: Record<number, number>;
      maxOutputLength: number;
      chunkSize: number;
      info: true;
    },
  ): { buffer: Uint8Array<ArrayBuffer>; engine: { bytesWritten: number } };
  zstdCompressSync(
    data: Uint8Array,
    options: { params: Record<number, number>; pledgedSrcSize: number },
  ): Uint8Array<ArrayBuffer>;
  constants: {
    ZSTD_d_windowLogMax: number;
    ZSTD_c_compressionLevel: number;
    ZSTD_c_checksumFlag: number;
  };
};

/** The largest there is. The default, 27, refuses single-segment frames of more than 128 MiB. */
const WINDOW_LOG_MAX = 31;
const LEVELS = { least: -131072, most: 22 };

/** Node's own zstd; undefined before Node 22.15, which has none. */
export function nativeZstd(): ZstdEngine | undefined {
  const module: object = zlib;
  if (!hasZstd(module)) return undefined;
  return {
    decompress: (frame, room) => decompress(module, frame, room),
    compress: (data, options) => compress(module, data, options),
  };
}

function hasZstd(module: object): module is ZstdModule {
  return (
    "zstdDecompressSync" in module &&
    typeof module.zstdDecompressSync === "function" &&
    "zstdCompressSync" in module &&
    typeof module.zstdCompressSync === "function"
  );
}

function decompress(
  module: ZstdModule,
  frame: Uint8Array,
  { capacity, fit }: ZstdRoom,
): Uint8Array | DecompressFailure {
  if (frame.length > MAX_INPUT_BYTES) return { failure: "too large" };
  try {
    const { buffer, engine } = module.zstdDecompressSync(frame, {
      params: { [module.constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX },
      maxOutputLength: Math.min(capacity, Number.MAX_SAFE_INTEGER),
      // With room for the whole content libzstd decodes straight into it, without a window and whatever its size.
      chunkSize: chunkSizeFor(capacity, fit === "exact"),
      info: true,
    });
    // Node ignores what follows a frame; the walk has seen the end, so this holds unless the two disagree.
    return engine.bytesWritten === frame.length ? standalone(buffer) : { failure: "damaged" };
  } catch (cause) {
    return { failure: kindOf(cause), cause };
  }
}

function kindOf(error: unknown): DecompressFailure["failure"] {
  const code = zlibErrorCode(error);
  if (code === "ERR_BUFFER_TOO_LARGE") return "too long";
  const lacksMemory =
    code === "ZSTD_error_memory_allocation" || code === "ZSTD_error_frameParameter_windowTooLarge";
  // What is left of RangeErrors is an array that V8 could not allocate, or a length above what it allows.
  return lacksMemory || error instanceof RangeError ? "too large" : "damaged";
}

function compress(
  module: ZstdModule,
  data: Uint8Array,
  { level, checksum }: { level: number; checksum: boolean },
): Uint8Array {
  // Node takes fractions and NaN and makes something of them.
  if (!Number.isInteger(level) || level < LEVELS.least || level > LEVELS.most) {
    throw invalidArgument(
      `zstd level ${level}: integers from ${LEVELS.least} to ${LEVELS.most} are possible`,
    );
  }
  if (data.length > MAX_INPUT_BYTES) {
    throw invalidArgument(`zstd: ${data.length} bytes, at most ${MAX_INPUT_BYTES} go into one frame`);
  }
  const frame = module.zstdCompressSync(data, {
    params: {
      [module.constants.ZSTD_c_compressionLevel]: level,
      [module.constants.ZSTD_c_checksumFlag]: checksum ? 1 : 0,
    },
    pledgedSrcSize: data.length,
  });
  return standalone(frame);
}
