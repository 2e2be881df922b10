import { parse } from "yaml";

/** A configuration that is not yet checked. */
export type Tree = { [key: string]: unknown };

/** One origin of settings; later layers win. */
export interface Layer {
  readonly tree: Tree;
  /** Says where in this layer the value at a path was written, or undefined if it was not written here. */
  whereIs(path: readonly PropertyKey[]): string | undefined;
}

export const ENVIRONMENT_PREFIX = "PARFOCAL_";

/** Variables by their names. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Settings from the environment: `PARFOCAL_POLICY__MAX_LEVEL=2` sets `policy.maxLevel`. Values are YAML scalars or
 * flow collections. Variables without `__` are not settings.
 */
export function environmentLayer(environment: Environment): Layer {
  const origins = new Map<string, string>();
  const tree: Tree = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || !name.startsWith(ENVIRONMENT_PREFIX) || !name.includes("__")) continue;
    const path = pathOf(name.slice(ENVIRONMENT_PREFIX.length).split("__"));
    setAt(tree, path, scalar(value));
    origins.set(path.join("."), name);
  }
  return { tree, whereIs: (path) => originOf(origins, path, "environment variable ") };
}

/** Settings from the command line, as `[dotted path, value, flag]`; undefined values are left out. */
export function flagLayer(flags: Iterable<readonly [string, unknown, string]>): Layer {
  const origins = new Map<string, string>();
  const tree: Tree = {};
  for (const [path, value, flag] of flags) {
    if (value === undefined) continue;
    setAt(tree, keysOf(path, value), value);
    origins.set(path, flag);
  }
  return { tree, whereIs: (path) => originOf(origins, path, "flag ") };
}

/** All layers in one tree. Objects are merged, anything else is replaced. */
export function merge(layers: readonly Layer[]): Tree {
  return layers.reduce<Tree>((merged, layer) => mergeTrees(merged, layer.tree), {});
}

/** Reads a value as YAML does, or as text where it is not YAML. */
export function scalar(text: string): unknown {
  try {
    return parse(text) ?? text;
  } catch {
    return text;
  }
}

/** The keys of a dotted path. The name of a channel may hold dots itself, and may be set as a whole. */
function keysOf(path: string, value: unknown): string[] {
  const match = /^policy\.channels\.(?<name>.+)$/s.exec(path);
  if (match === null) return path.split(".");
  const name = match.groups!.name!;
  const end = isTree(value) ? -1 : name.lastIndexOf(".");
  const keys = end < 0 ? [name] : [name.slice(0, end), name.slice(end + 1)];
  return ["policy", "channels", ...keys];
}

/** Names of channels are the user's own, and as they stand. */
function pathOf(words: readonly string[]): string[] {
  const isOfChannel = camelCase(words[0]!) === "policy" && camelCase(words[1] ?? "") === "channels";
  return words.map((word, i) => (isOfChannel && i === 2 ? word : camelCase(word)));
}

function mergeTrees(base: Tree, over: Tree): Tree {
  const merged: Tree = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = Object.hasOwn(merged, key) ? merged[key] : undefined;
    merged[key] = isTree(below) && isTree(value) ? mergeTrees(below, value) : value;
  }
  return merged;
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function setAt(tree: Tree, path: readonly string[], value: unknown): void {
  let node = tree;
  for (const key of path.slice(0, -1)) {
    const next = Object.hasOwn(node, key) ? node[key] : undefined;
    if (isTree(next)) {
      node = next;
    } else {
      const made: Tree = {};
      node[key] = made;
      node = made;
    }
  }
  node[path.at(-1)!] = value;
}

/** The origin of a path is that of the path itself, of the nearest object around it that was set as a whole, or of the first thing in it. */
function originOf(origins: ReadonlyMap<string, string>, path: readonly PropertyKey[], kind: string) {
  for (let length = path.length; length > 0; length--) {
    const origin = origins.get(path.slice(0, length).map(String).join("."));
    if (origin !== undefined) return `${kind}${origin}`;
  }
  const around = `${path.map(String).join(".")}.`;
  for (const [inside, origin] of origins) if (inside.startsWith(around)) return `${kind}${origin}`;
  return undefined;
}

function camelCase(name: string): string {
  return name
    .toLowerCase()
    .replace(/_(?<letter>[a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());
}
