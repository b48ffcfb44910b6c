import { posix } from "node:path";
import { parseAst } from "vitest/node";

/** One module named by another: `import`, `export … from`, `import()` and `import("…").Type`. */
export type Import = {
  readonly specifier: string;
  /** Leaves no trace in the JavaScript: `import type`, `export type … from`, `import("…").Type`. */
  readonly erased: boolean;
};

/** Node of the syntax tree → whether its import is erased; other nodes name no module. */
const IMPORTING: Readonly<Record<string, (node: object) => boolean>> = {
  ImportDeclaration: (node) => "importKind" in node && node.importKind === "type",
  ExportNamedDeclaration: (node) => "exportKind" in node && node.exportKind === "type",
  ExportAllDeclaration: (node) => "exportKind" in node && node.exportKind === "type",
  ImportExpression: () => false,
  TSImportType: () => true,
};

/**
 * Every import of one module, in the order of its text.
 *
 * @throws {Error} when the text does not parse, or a dynamic import is no literal and so cannot be followed.
 */
export function importsOf(file: string, text: string): Import[] {
  const imports: Import[] = [];
  visit(parse(file, text), (node, type) => {
    const erased = IMPORTING[type]?.(node);
    if (erased === undefined || !("source" in node) || node.source === null) return;
    const specifier = literalText(node.source);
    if (specifier === undefined) throw new Error(`${file}: an import() whose argument is no literal`);
    imports.push({ specifier, erased });
  });
  return imports;
}

/** The syntax tree of one module. @throws {Error} that names the file, when its text does not parse. */
export function parse(file: string, text: string): object {
  try {
    return parseAst(text, { lang: "ts" });
  } catch (error) {
    throw new Error(`${file}: does not parse`, { cause: error });
  }
}

/** Calls `action` for a syntax tree and all nodes below it. */
export function visit(node: unknown, action: (node: object, type: string) => void): void {
  if (typeof node !== "object" || node === null) return;
  if ("type" in node && typeof node.type === "string") action(node, node.type);
  for (const child of Object.values(node)) visit(child, action);
}

function literalText(node: unknown): string | undefined {
  if (typeof node !== "object" || node === null || !("value" in node)) return undefined;
  return typeof node.value === "string" ? node.value : undefined;
}

/** `imports` of package.json: specifier → condition → target. */
export type ImportMap = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The source module that a built one is made from: `./dist/a/b.js` → `src/a/b.ts`. */
export function sourceOf(target: string): string {
  return posix
    .normalize(target)
    .replace(/^dist\//, "src/")
    .replace(/\.js$/, ".ts");
}

/**
 * The module in `src/` that a specifier means, by its path from the repository; `undefined` for Node's own
 * modules and for npm packages.
 *
 * @param condition Condition that decides in the import map, e.g. `browser`.
 * @throws {Error} for a `#…` specifier that the map lacks.
 */
export function resolveImport(
  from: string,
  specifier: string,
  map: ImportMap,
  condition: string,
): string | undefined {
  if (specifier.startsWith(".")) {
    return posix.join(posix.dirname(from), specifier).replace(/\.js$/, ".ts");
  }
  if (!specifier.startsWith("#")) return undefined;
  const target = map[specifier]?.[condition];
  if (target === undefined) throw new Error(`${from}: package.json has no ${condition} of ${specifier}`);
  return sourceOf(target);
}
