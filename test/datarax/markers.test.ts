import { describe, expect, it } from "vitest";
import { keyOfMarker, stringOfMarker } from "../../src/datarax/markers.js";
import { scalar } from "../../src/pytree/value.js";
import { failure } from "../failure.js";

const where = () => "('v',)";

describe("the markers of Datarax", () => {
  it("take code points of any integer width", () => {
    expect(stringOfMarker({ char_codes: [scalar("uint8", 65), scalar("int16", 66)] }, where)).toBe("AB");
  });

  it.each(["bfloat16", "float16", "float32", "float64", "float8_e4m3fn", "float8_e5m2"] as const)(
    "refuse a code point or a word of a key that is a %s, as Python does",
    (dtype) => {
      const number = scalar(dtype, 2);
      expect(() => stringOfMarker({ char_codes: [number] }, where)).toThrow(
        failure("DATA_LOSS", { pythonType: "TypeError" }),
      );
      expect(() => keyOfMarker({ key_data: [0, number] }, where)).toThrow(
        failure("DATA_LOSS", { pythonType: "TypeError" }),
      );
    },
  );
});
