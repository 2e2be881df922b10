/** Characters that do something to a terminal other than to show a letter: all controls but tab and line feed, and what turns text round. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text fit for a terminal: names come from files and other programs, and may hold escape sequences. */
export function printable(text: string): string {
  return text.replace(CONTROLS, "\ufffd");
}

/** Results, to standard output; as they are, except on a terminal. */
export function print(text: string): void {
  process.stdout.write(process.stdout.isTTY ? printable(text) : text);
}

/** A line for the person at the terminal; results alone go to standard output. */
export function say(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}
