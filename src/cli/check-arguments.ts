/** The command line is wrong: shown with the command's help, exit code 2. */
export class UsageError extends Error {}

/** @throws UsageError with the rule, unless it holds. */
export function refuseUnless(holds: boolean, rule: string): void {
  if (!holds) throw new UsageError(rule);
}

/** Options and arguments that take several values. */
const LISTS = new Set(["_", "paths", "images", "stack", "tables", "set", "z-limits", "zLimits"]);

/** Options that one command alone takes several times. */
const isListOf = (command: unknown, name: string) => command === "evaluate" && name === "model";

/** Options and arguments that name a table. */
const TABLES = new Set(["out", "qc", "omero", "focus-map", "run", "tables", "manifest"]);

const WORKBOOK = /\.(?:xls[xmb]?|ods)$/i;

/**
 * Refuses what yargs lets through: a workbook where a table is meant (text by that name opens nowhere), a number that is none, a value
 * that is empty (a lone dash, or a variable of the shell that is not set), an option given twice, which it makes a list of, and
 * anything but true and false for a switch, which it takes for false.
 * @param words the command line as it was typed.
 */
export function checkArguments(argv: Readonly<Record<string, unknown>>, words: readonly string[] = []): true {
  for (const word of words.slice(0, endOf(words))) {
    const { name, value } = /^--(?<name>[^=]+)=(?<value>.*)$/s.exec(word)?.groups ?? {};
    if (name !== undefined && typeof argv[name] === "boolean" && !/^(?:true|false)$/.test(value!))
      throw new UsageError(`--${name} is true or false, not "${value}"`);
  }
  const [command] = argv._ as readonly unknown[];
  for (const [name, value] of Object.entries(argv)) {
    if (Number.isNaN(value)) throw new UsageError(`--${name} needs a number`);
    if ([value].flat().includes("")) throw new UsageError(emptyValue(name, words));
    if (Array.isArray(value) && !(LISTS.has(name) || isListOf(command, name)))
      throw new UsageError(`--${name} is given more than once`);
    if (TABLES.has(name)) refuseWorkbooks([value].flat());
  }
  return true;
}

function emptyValue(name: string, words: readonly string[]): string {
  const isOption = words.some((word) => word === `--${name}` || word.startsWith(`--${name}=`));
  return isOption
    ? `--${name} needs a value, and a lone - is none; leave the option out for what it is by default`
    : `${name}: the name is empty`;
}

function refuseWorkbooks(names: readonly unknown[]): void {
  const name = names.find((name) => typeof name === "string" && WORKBOOK.test(name));
  if (name === undefined) return;
  throw new UsageError(
    `${String(name)}: workbooks are neither read nor written; use .csv, which spreadsheets open and save`,
  );
}

/** What follows a lone `--` are no options. */
function endOf(words: readonly string[]): number {
  const end = words.indexOf("--");
  return end < 0 ? words.length : end;
}
