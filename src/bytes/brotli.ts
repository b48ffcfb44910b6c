import { nativeBrotli } from "#native-zlib";
import { dataLoss, unsupported } from "../errors.js";
import { ContentBuffer } from "./content-buffer.js";
import {
  checkContentSize,
  contentCapacity,
  contentTooLarge,
  contentTooLong,
  type DecompressOptions,
} from "./decompressor.js";

const FORMAT = "Brotli"; // in messages

/** Room for the first pieces of a browser's stream: a stream of a few bytes may claim gigabytes of content. */
const FIRST_ROOM = 2 ** 16;

/**
 * The content of exactly one Brotli stream (RFC 7932), which fills `stored`. Asynchronous, since what browsers have is.
 *
 * @throws {OrbaxError} As `Decompress` does; `UNSUPPORTED` on a platform without Brotli: it takes Node, or a browser
 * whose `DecompressionStream` knows `brotli`.
 */
export async function decompressBrotli(stored: Uint8Array, options: DecompressOptions): Promise<Uint8Array> {
  const capacity = contentCapacity(FORMAT, Number.MAX_SAFE_INTEGER, options);
  const decode = nativeBrotli();
  const content = decode === undefined ? await streamed(stored, capacity, options) : decode(stored, capacity);
  if (!(content instanceof Uint8Array)) {
    if (content.failure === "too long") throw contentTooLong(FORMAT, options);
    if (content.failure === "too large") throw contentTooLarge(FORMAT, capacity, options, content.cause);
    throw dataLoss(`${options.what}: damaged ${FORMAT} stream`, {}, content.cause);
  }
  checkContentSize(FORMAT, content, options);
  return content;
}

async function streamed(stored: Uint8Array, capacity: number, { what }: DecompressOptions) {
  const stream = brotliStream();
  if (stream === undefined) {
    throw unsupported(`${what}: Brotli, which this platform cannot decode, is`, { found: "needed" });
  }
  const content = new ContentBuffer(capacity, FIRST_ROOM);
  // What is wrong with the stream, both sides report; the reader's report is the one that is taken.
  const written = write(stream, stored).catch(() => {});
  const reader = stream.readable.getReader();
  try {
    for (;;) {
      const part = await reader.read();
      if (part.done) break;
      if (!content.append(part.value)) {
        await reader.cancel();
        return { failure: "too long" } as const;
      }
    }
  } catch (cause) {
    return { failure: "damaged", cause } as const;
  } finally {
    await written;
  }
  return content.finish();
}

async function write(stream: BrotliStream, stored: Uint8Array): Promise<void> {
  const writer = stream.writable.getWriter();
  await writer.write(new Uint8Array(stored));
  await writer.close();
}

type BrotliStream = {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
};

/** The platform's own stream; newer than the type declarations, which know other formats only. */
function brotliStream(): BrotliStream | undefined {
  if (typeof DecompressionStream === "undefined") return undefined;
  try {
    const stream: unknown = Reflect.construct(DecompressionStream, ["brotli"]);
    return stream instanceof DecompressionStream ? stream : undefined;
  } catch {
    return undefined; // the constructor knows no such format
  }
}
