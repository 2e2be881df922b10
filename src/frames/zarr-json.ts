/** A text in quotes, which is left as it is, or a number that JSON does not have. */
const TEXT_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\b(?:NaN|Infinity)\b/gs;

/**
 * Reads the JSON of a Zarr as its writers make it: some begin with a byte order mark, and Python writes NaN and Infinity as they
 * are; they become text, as Zarr 3 spells them. What is cut off stays an error: it may not be whole yet.
 * @throws SyntaxError where it is no JSON otherwise.
 */
export function parseZarrJson(text: string): unknown {
  const json = text.replace(/^\uFEFF/, "");
  try {
    return JSON.parse(json) as unknown;
  } catch (error) {
    const quoted = json.replace(TEXT_OR_NUMBER, (part) => (part.startsWith('"') ? part : `"${part}"`));
    if (quoted === json) throw error;
    return JSON.parse(quoted) as unknown;
  }
}
