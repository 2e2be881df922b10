/** Separators of cells that spreadsheets write, by their language and by the format that is chosen. */
const SEPARATORS = [",", ";", "\t"] as const;

/** The text of a file as spreadsheets and editors save it: UTF-8, UTF-16 ("Unicode text") or, where it is neither, Windows-1252. */
export function decodedText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return decoded(bytes, "utf-16le");
  if ((first === 0xfe && second === 0xff) || first === 0) return decoded(bytes, "utf-16be");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return decoded(bytes, "windows-1252");
  }
}

/** What separates the cells: the one that its first row has most of. */
export function separatorOf(table: string): string {
  const header = /^.*\S.*$/m.exec(table)?.[0].replace(/"[^"]*"/g, "") ?? "";
  const counts = SEPARATORS.map((separator) => header.split(separator).length);
  return SEPARATORS[counts.indexOf(Math.max(...counts))]!;
}

function decoded(bytes: Uint8Array, encoding: string): string {
  return new TextDecoder(encoding).decode(bytes);
}
