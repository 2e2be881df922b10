/** A string, which may have no end, or a word that Python writes for a number that is none. */
const STRING_OR_NO_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"?|-?\b(?:NaN|Infinity)\b/gs;

/** Reads JSON with NaN and Infinity as null, as other languages than Python write them; a key whose value is null is left out. */
export function readJson(text: string): unknown {
  try {
    return withoutNull(text);
  } catch (error) {
    const plain = text.replace(STRING_OR_NO_NUMBER, (found) => (found.startsWith('"') ? found : "null"));
    if (plain === text) throw error;
    return withoutNull(plain);
  }
}

function withoutNull(text: string): unknown {
  return JSON.parse(text, (_key, item: unknown) => (item === null ? undefined : item));
}
