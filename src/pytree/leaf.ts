import type { NdArray } from "../zarr/nd-array.js";
import type { PrngKey, Scalar } from "./value.js";

/**
 * What stands at the end of a key path, exactly. Empty containers are leaves too: Orbax gives each an entry of
 * its own (docs/spec/orbax-layout.md section 8).
 */
export type PytreeLeaf =
  | { readonly kind: "array"; readonly array: NdArray }
  | { readonly kind: "scalar"; readonly scalar: Scalar }
  | { readonly kind: "string"; readonly text: string }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "prng-key"; readonly key: PrngKey }
  | { readonly kind: "none" }
  | { readonly kind: "empty-dict" }
  | { readonly kind: "empty-list" }
  | { readonly kind: "empty-tuple" }
  | { readonly kind: "placeholder" };
