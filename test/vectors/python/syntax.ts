// The part of Python's syntax that the scripts and programs of the vectors use.

export type Expression =
  | { readonly kind: "constant"; readonly value: number | bigint | string | boolean | null }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "attribute"; readonly of: Expression; readonly name: string }
  | { readonly kind: "item"; readonly of: Expression; readonly index: Expression }
  | { readonly kind: "slice"; readonly bounds: readonly (Expression | undefined)[] }
  | { readonly kind: "call"; readonly of: Expression; readonly args: readonly Argument[] }
  | { readonly kind: "list" | "tuple"; readonly items: readonly Expression[] }
  | { readonly kind: "dict"; readonly pairs: readonly (readonly [Expression, Expression])[] }
  | {
      readonly kind: "comprehension";
      readonly of: Expression;
      readonly target: Target;
      readonly over: Expression;
    }
  | { readonly kind: "lambda"; readonly parameters: readonly string[]; readonly body: Expression }
  | {
      readonly kind: "choice";
      readonly value: Expression;
      readonly test: Expression;
      readonly otherwise: Expression;
    }
  | { readonly kind: "unary"; readonly operator: string; readonly of: Expression }
  | {
      readonly kind: "binary";
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    };

/** `value`, `name=value`, `*value` or `**value`. */
export type Argument = { readonly name?: string; readonly spread?: "*" | "**"; readonly value: Expression };

/** What can be assigned to: a name, an attribute, an item, or several of them. */
export type Target = Expression;

export type Statement =
  | { readonly kind: "expression"; readonly value: Expression }
  | { readonly kind: "assign"; readonly targets: readonly Target[]; readonly value: Expression }
  | {
      readonly kind: "update";
      readonly target: Target;
      readonly operator: string;
      readonly value: Expression;
    }
  | { readonly kind: "return"; readonly value: Expression | undefined }
  | { readonly kind: "raise"; readonly value: Expression | undefined }
  | {
      readonly kind: "def";
      readonly name: string;
      readonly parameters: readonly string[];
      readonly body: Block;
    }
  | { readonly kind: "class"; readonly name: string; readonly body: Block }
  | { readonly kind: "for"; readonly target: Target; readonly over: Expression; readonly body: Block }
  | { readonly kind: "while"; readonly test: Expression; readonly body: Block }
  | { readonly kind: "if"; readonly test: Expression; readonly body: Block; readonly otherwise: Block }
  | { readonly kind: "import" | "pass" };

export type Block = readonly Statement[];
