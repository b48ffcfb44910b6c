import { describe, expect, it } from "vitest";
import { OrbaxError } from "../../src/errors.js";
import { MemoryStorage } from "../../src/storage/memory.js";
import { readExact, readExactInto, readFile } from "../../src/storage/read.js";
import type { ByteRange, ReadableStorage } from "../../src/storage/storage.js";

const text = (value: string) => new TextEncoder().encode(value);
const digits = () => new MemoryStorage([["/d/digits", text("0123456789")]]);

/** A storage that counts its calls, with the methods that are asked for. */
function counting(methods: readonly ("getRange" | "readInto" | "size")[]) {
  const inner = digits();
  const calls: string[] = [];
  const count = <T>(name: string, result: T): T => {
    calls.push(name);
    return result;
  };
  const storage: ReadableStorage = {
    get: (key) => count("get", inner.get(key)),
    ...(methods.includes("getRange") && {
      getRange: (key, range) => count("getRange", inner.getRange(key, range)),
    }),
    ...(methods.includes("readInto") && {
      readInto: (key, offset, target) => count("readInto", inner.readInto(key, offset, target)),
    }),
    ...(methods.includes("size") && { size: (key) => count("size", inner.size(key)) }),
  };
  return { storage, calls };
}

describe("readFile", () => {
  const options = { limit: 10, limitName: "metadataBytes" } as const;
  const METHODS = [["getRange", "size"], ["getRange"], ["size"], []] as const;

  it("reads a file that is just as large as the limit", async () => {
    for (const methods of METHODS) {
      expect(await readFile(counting(methods).storage, "/d/digits", options)).toEqual(text("0123456789"));
    }
  });

  it("gives nothing for a missing file", async () => {
    for (const methods of METHODS) {
      expect(await readFile(counting(methods).storage, "/missing", options)).toBeUndefined();
    }
  });

  const refusal = expect.objectContaining({
    code: "LIMIT_EXCEEDED",
    message: "d/digits: size is 10, expected at most 9 bytes; limit metadataBytes",
    details: expect.objectContaining({ file: "d/digits", limit: "metadataBytes", found: 10 }),
  });

  it("reads a file in one call where the storage has ranges and sizes", async () => {
    const { storage, calls } = counting(["getRange", "size"]);
    await readFile(storage, "/d/digits", options);
    expect(calls).toEqual(["getRange"]);
  });

  it("asks no server for a range, which it would refuse of an empty file", async () => {
    const { storage, calls } = counting(["getRange"]);
    await readFile(storage, "/d/digits", options);
    expect(calls).toEqual(["get"]);
  });

  it("asks for no more than one byte beyond the limit", async () => {
    const ranges: ByteRange[] = [];
    const inner = digits();
    const storage: ReadableStorage = {
      get: (key) => inner.get(key),
      size: (key) => inner.size(key),
      getRange: (key, range) => {
        ranges.push(range);
        return inner.getRange(key, range);
      },
    };
    await expect(readFile(storage, "/d/digits", { ...options, limit: 8 })).rejects.toEqual(
      expect.objectContaining({ details: expect.objectContaining({ found: 10 }) }),
    );
    expect(ranges).toEqual([{ offset: 0, length: 9 }]);
  });

  it.each([Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY])("takes the limit %s", async (limit) => {
    expect(await readFile(digits(), "/d/digits", { ...options, limit })).toEqual(text("0123456789"));
  });

  it("does not read a file that is known to be larger where there are no ranges", async () => {
    const { storage, calls } = counting(["size"]);
    await expect(readFile(storage, "/d/digits", { ...options, limit: 9 })).rejects.toEqual(refusal);
    expect(calls).toEqual(["size"]);
  });

  it.each(METHODS.map((methods) => ({ methods })))(
    "refuses a larger file with $methods",
    async ({ methods }) => {
      const { storage } = counting(methods);
      await expect(readFile(storage, "/d/digits", { ...options, limit: 9 })).rejects.toEqual(refusal);
    },
  );

  it("refuses a file that grew between two calls", async () => {
    const storage: ReadableStorage = { get: () => text("0123456789"), size: async () => 1 };
    await expect(readFile(storage, "/d/digits", { ...options, limit: 9 })).rejects.toEqual(refusal);
  });
});

describe.each([
  { reads: "readExact", into: false },
  { reads: "readExactInto", into: true },
])("$reads", ({ into }) => {
  /** Reads in one of both ways, so that each is held to the same. */
  const read = async (storage: ReadableStorage, offset: number, length: number, signal?: AbortSignal) => {
    const options = signal === undefined ? {} : { signal };
    if (!into) return readExact(storage, "/d/digits", offset, length, options);
    const target = new Uint8Array(length);
    await readExactInto(storage, "/d/digits", offset, target, options);
    return target;
  };

  it.each([[["getRange", "readInto"]], [["getRange"]], [[]]] as const)(
    "reads with %j in one call",
    async (methods) => {
      const { storage, calls } = counting(methods);
      expect(await read(storage, 3, 4)).toEqual(text("3456"));
      expect(calls).toHaveLength(1);
    },
  );

  it("reads nothing for no bytes", async () => {
    const { storage, calls } = counting(["getRange", "readInto"]);
    expect(await read(storage, 3, 0)).toEqual(new Uint8Array(0));
    expect(calls).toEqual([]);
  });

  it.each([[["getRange", "readInto"]], [["getRange"]], [[]]] as const)(
    "refuses a file that ends too early, with %j",
    async (methods) => {
      const { storage } = counting(methods);
      await expect(read(storage, 8, 4)).rejects.toEqual(
        expect.objectContaining({
          code: "DATA_LOSS",
          message: "d/digits: 2 bytes at offset 8, expected 4 bytes",
          details: { file: "d/digits", offset: 8, found: "2 bytes", expected: "4 bytes" },
        }),
      );
    },
  );

  it("refuses a missing file", async () => {
    await expect(read(new MemoryStorage(), 8, 4)).rejects.toEqual(
      expect.objectContaining({
        code: "DATA_LOSS",
        details: { file: "d/digits", offset: 8, found: "no such file", expected: "4 bytes" },
      }),
    );
  });

  it("refuses the whole file in place of the range", async () => {
    const storage: ReadableStorage = {
      get: () => undefined,
      getRange: async () => text("0123456789"),
    };
    await expect(read(storage, 3, 4)).rejects.toEqual(expect.objectContaining({ code: "DATA_LOSS" }));
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53])("refuses the offset %s", async (offset) => {
    await expect(read(digits(), offset, 1)).rejects.toEqual(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  it("keeps what a foreign store throws as the cause", async () => {
    const cause = new TypeError("fetch failed");
    const storage: ReadableStorage = {
      get: () => {
        throw cause;
      },
    };
    await expect(read(storage, 0, 1)).rejects.toEqual(
      expect.objectContaining({ code: "IO", cause, details: { file: "d/digits" } }),
    );
  });

  it("adds the file's name to an error that lacks it", async () => {
    const storage: ReadableStorage = {
      get: () => Promise.reject(new OrbaxError("UNSUPPORTED", "no such codec")),
    };
    await expect(read(storage, 0, 1)).rejects.toEqual(
      expect.objectContaining({ code: "UNSUPPORTED", message: "d/digits: no such codec" }),
    );
  });

  it("rethrows the reason of an abort", async () => {
    const reason = new Error("enough");
    await expect(read(digits(), 0, 1, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe("readExact with memory", () => {
  it("fills it and gives it back", async () => {
    const into = new Uint8Array(4);
    expect(await readExact(digits(), "/d/digits", 3, 4, { into })).toBe(into);
    expect(into).toEqual(text("3456"));
  });

  it("is misused with memory of another size", async () => {
    const into = new Uint8Array(5);
    await expect(readExact(digits(), "/d/digits", 3, 4, { into })).rejects.toThrow(
      "5 bytes of memory for 4 bytes",
    );
  });

  it.each([-1, 0.5, 2 ** 53])("refuses the length %s", async (length) => {
    await expect(readExact(digits(), "/d/digits", 0, length)).rejects.toEqual(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});
