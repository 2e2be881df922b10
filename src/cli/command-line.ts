/** The command as typed, without the interpreter's and the script's own paths. */
export function commandLine(): string {
  return ["parfocal", ...process.argv.slice(2)].join(" ");
}
