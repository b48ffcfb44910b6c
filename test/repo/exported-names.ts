import { parse } from "./imports.js";

/** One name that a module exports; a type leaves nothing in the JavaScript. */
export type ExportedName = { readonly name: string; readonly isType: boolean };

/**
 * The names that a module exports, in the order of their code units.
 *
 * @throws {Error} for `export *` and default exports: what an entry exports must stand in its text.
 */
export function exportedNames(file: string, text: string): ExportedName[] {
  const names: ExportedName[] = [];
  for (const statement of listOf(parse(file, text), "body")) {
    const type = textOf(statement, "type");
    if (type === "ExportAllDeclaration" || type === "ExportDefaultDeclaration") {
      throw new Error(`${file}: an entry exports by name only`);
    }
    if (type !== "ExportNamedDeclaration") continue;
    const allTypes = textOf(statement, "exportKind") === "type";
    for (const specifier of listOf(statement, "specifiers")) {
      const name = textOf(partOf(specifier, "exported"), "name");
      names.push({ name, isType: allTypes || textOf(specifier, "exportKind") === "type" });
    }
    const declaration = partOf(statement, "declaration");
    for (const name of declaredNames(declaration)) names.push({ name, isType: allTypes });
  }
  return names.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Names of `function f`, `class C`, `type T`, `interface I`, and of `const a = …, b = …`. */
function declaredNames(declaration: unknown): string[] {
  if (declaration === null || declaration === undefined) return [];
  if (textOf(declaration, "type") !== "VariableDeclaration")
    return [textOf(partOf(declaration, "id"), "name")];
  return listOf(declaration, "declarations").map((declarator) => textOf(partOf(declarator, "id"), "name"));
}

function partOf(node: unknown, field: string): unknown {
  if (typeof node !== "object" || node === null) return undefined;
  return new Map<string, unknown>(Object.entries(node)).get(field);
}

function textOf(node: unknown, field: string): string {
  const value = partOf(node, field);
  return typeof value === "string" ? value : "";
}

function listOf(node: unknown, field: string): readonly unknown[] {
  const value = partOf(node, field);
  return Array.isArray(value) ? value : [];
}
