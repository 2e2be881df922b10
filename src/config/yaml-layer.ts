import { type ErrorCode, LineCounter, parseDocument } from "yaml";
import { ConfigError, reasonOf } from "../errors.js";
import type { Layer, Tree } from "./layers.js";
import { HOW_TO_WRITE_PATHS } from "./path-text.js";

/**
 * Settings from the text of a YAML file.
 * @param file name of the file, for messages.
 * @throws ConfigError with every syntax error and its line.
 */
export function yamlLayer(text: string, file: string): Layer {
  const lines = new LineCounter();
  const { document, tree } = parsed(text, lines, file);
  if (document.errors.length > 0) {
    throw new ConfigError(
      file,
      document.errors.map(
        (error) => `line ${lines.linePos(error.pos[0]).line}: ${error.message}${hintOn(error.code)}`,
      ),
    );
  }
  if (typeof tree !== "object" || tree === null || Array.isArray(tree)) {
    throw new ConfigError(file, ["line 1: not a list of keys and values"]);
  }
  return {
    tree: withoutNulls(tree as Tree),
    whereIs(path) {
      if (!document.hasIn(path)) return undefined;
      const node: unknown = document.getIn(path, true);
      const range = hasRange(node) ? node.range : undefined;
      return range ? `${file} line ${lines.linePos(range[0]).line}` : file;
    },
  };
}

function hintOn(code: ErrorCode): string {
  return code === "BAD_DQ_ESCAPE" ? `: ${HOW_TO_WRITE_PATHS}` : "";
}

/** The parser calls itself for each level of the text: one that is nested without end is refused like any other. */
function parsed(text: string, lineCounter: LineCounter, file: string) {
  try {
    const document = parseDocument(text, { lineCounter, prettyErrors: false });
    const tree: unknown = document.errors.length > 0 ? {} : (document.toJS() ?? {});
    return { document, tree };
  } catch (cause) {
    const why = cause instanceof RangeError ? "it is nested too deeply" : reasonOf(cause);
    throw new ConfigError(file, [`cannot be read: ${why}`], { cause });
  }
}

/** A key without a value counts as unset: that is what is left when all lines below it are commented out. */
function withoutNulls(tree: Tree): Tree {
  const kept: Tree = {};
  for (const [key, value] of Object.entries(tree)) {
    if (value === null) continue;
    kept[key] = typeof value === "object" && !Array.isArray(value) ? withoutNulls(value as Tree) : value;
  }
  return kept;
}

function hasRange(node: unknown): node is { range: [number, number, number] | null | undefined } {
  return typeof node === "object" && node !== null && "range" in node;
}
