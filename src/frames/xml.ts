/**
 * The tags of XML that instruments write. Read tolerantly: what is damaged is left out. The time that it takes grows with the length of
 * the text and nothing else.
 * @module
 */

/** Characters of a tag that are looked at. */
const LONGEST_TAG = 10_000;
/** Characters between two tags that are looked at. */
const LONGEST_TEXT = 10_000;

export type Attributes = Readonly<Record<string, string | undefined>>;

export interface XmlTag {
  /** Without its prefix. */
  readonly name: string;
  /** What stands between the brackets, for `attributesOf`. */
  readonly inside: string;
  /** Whether it ends an element that has begun before. */
  readonly isEnd: boolean;
  /** Whether the element ends with it. */
  readonly isEmpty: boolean;
  /** What follows until the next tag, as it is written. */
  readonly text: string;
}

/** The tags of a text, in order. One that is not closed counts as if it were. */
export function* tagsOf(text: string): Generator<XmlTag> {
  for (let start = text.indexOf("<"); start >= 0; ) {
    const end = endOfTag(text, start);
    const next = end < 0 ? -1 : text.indexOf("<", end);
    const inside = text.slice(start + 1, Math.min(end < 0 ? text.length : end, start + LONGEST_TAG));
    const [, slash, name] = /^(\/?)(?:\w{1,64}:)?([\w-]{1,64})(?=[\s/]|$)/.exec(inside) ?? [];
    if (name !== undefined) {
      const after =
        end < 0 ? "" : text.slice(end + 1, Math.min(next < 0 ? text.length : next, end + 1 + LONGEST_TEXT));
      yield { name, inside, isEnd: slash === "/", isEmpty: inside.endsWith("/"), text: after };
    }
    start = next;
  }
}

/** Where the bracket is that closes a tag, -1 where there is none. A quoted value may hold another one, but no "<". */
function endOfTag(text: string, start: number): number {
  const first = text.indexOf(">", start);
  const isComment = text.startsWith("<!", start);
  let quote = "";
  for (
    let at = first < 0 || isComment ? text.length : start + 1;
    at < text.length && text[at] !== "<";
    at++
  ) {
    const character = text[at]!;
    if (quote !== "") quote = character === quote ? "" : quote;
    else if (character === ">") return at;
    else if (character === '"' || character === "'") quote = character;
  }
  return first;
}

/** Attributes of a tag by their names without prefixes. */
export function attributesOf(inside: string): Attributes {
  const attributes: Record<string, string | undefined> = {};
  for (const [, name, , double, single] of inside.matchAll(
    /\s(?:\w{1,64}:)?(\w{1,64})\s*=\s*("([^"]*)"|'([^']*)')/g,
  )) {
    attributes[name!] ??= decoded(double ?? single ?? "");
  }
  return attributes;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Text with its character references resolved: writers that stay within ASCII spell the micro sign as one. */
export function decoded(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w{2,4}));/gi,
    (whole, hex: string | undefined, decimal: string | undefined, name: string | undefined) => {
      if (name !== undefined) return ENTITIES[name] ?? whole;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
