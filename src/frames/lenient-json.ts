/** Nesting that metadata do not have. */
const DEEPEST = 64;

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/**
 * Reads JSON as acquisition programs write it: with NaN and Infinity, raw line ends and single backslashes in strings, or cut
 * off. What cannot be read is left out; the rest of it counts. Gives undefined for text that begins with no object or list.
 */
export function readJsonLeniently(text: string): unknown {
  const start = text.trimStart();
  if (!/^[[{]/.test(start)) return undefined;
  try {
    return JSON.parse(start);
  } catch {
    return new LenientReader(start).read(0);
  }
}

class LenientReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(depth: number): unknown {
    const next = this.#peek();
    if (depth > DEEPEST) {
      // Nothing behind it can be told apart any more.
      this.#at = this.#text.length;
      return undefined;
    }
    if (next === "{") return this.#object(depth);
    if (next === "[") return this.#list(depth);
    return next === '"' ? this.#string() : this.#word();
  }

  #object(depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    this.#at++;
    for (let next = this.#peek(); next !== "" && next !== "}"; next = this.#peek()) {
      if (next !== '"') {
        this.#at++;
        continue;
      }
      const key = this.#string();
      if (this.#peek() !== ":") continue;
      this.#at++;
      const value = this.read(depth + 1);
      if (value !== undefined && key !== "__proto__") object[key] = value;
    }
    this.#at++;
    return object;
  }

  #list(depth: number): unknown[] {
    const list: unknown[] = [];
    this.#at++;
    for (let next = this.#peek(); next !== "" && next !== "]"; next = this.#peek()) {
      if (next === ",") this.#at++;
      else if (next === "}") break;
      // The place in a list means something.
      else list.push(this.read(depth + 1) ?? null);
    }
    if (this.#peek() === "]") this.#at++;
    return list;
  }

  #string(): string {
    const { length } = this.#text;
    let string = "";
    for (this.#at++; this.#at < length && this.#text[this.#at] !== '"'; this.#at++) {
      const character = this.#text[this.#at]!;
      string += character === "\\" ? this.#escape() : character;
    }
    this.#at++;
    return string;
  }

  #escape(): string {
    const hex = /^u[0-9a-f]{4}/i.exec(this.#text.slice(this.#at + 1, this.#at + 6))?.[0];
    if (hex !== undefined) {
      this.#at += 5;
      return String.fromCharCode(Number.parseInt(hex.slice(1), 16));
    }
    const meant = ESCAPES[this.#text[this.#at + 1] ?? ""];
    if (meant === undefined) return "\\";
    this.#at++;
    return meant;
  }

  /** A number, true, false or null; anything else is left out. */
  #word(): unknown {
    const start = this.#at;
    while (this.#at < this.#text.length && !',]}"'.includes(this.#text[this.#at]!)) this.#at++;
    if (this.#at === start) this.#at++;
    const word = this.#text.slice(start, this.#at).trim();
    // The end of a number that was cut off may be missing.
    if (this.#at >= this.#text.length) return undefined;
    try {
      return JSON.parse(word);
    } catch {
      return undefined;
    }
  }

  #peek(): string {
    while (/\s/.test(this.#text[this.#at] ?? "")) this.#at++;
    return this.#text[this.#at] ?? "";
  }
}
