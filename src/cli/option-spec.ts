/** One option, as data: parsing and help both follow from it. */
export type OptionSpec = {
  /** One line for the help. */
  readonly summary: string;
} & (
  | { readonly kind: "flag" }
  /** `value` names what follows the option in the help. */
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "integer"; readonly value: string; readonly least: bigint; readonly most: bigint }
  /** As `integer`, but may have a fraction. */
  | { readonly kind: "number"; readonly value: string; readonly least: number; readonly most: number }
  /** Any text, any number of times. */
  | { readonly kind: "list"; readonly value: string }
  /** `NAME=VALUE`, any number of times. */
  | { readonly kind: "limit"; readonly value: string }
);

/** Options by their names without dashes. */
export type OptionSpecs = { readonly [name: string]: OptionSpec };
