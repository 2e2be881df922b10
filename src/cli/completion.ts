import { fileURLToPath } from "node:url";
import yargs, { type CommandModule } from "yargs";

const MAIN = fileURLToPath(new URL("main.js", import.meta.url));

/**
 * `parfocal completion`: the script of yargs, which asks `parfocal` what comes next; where the shell does not find that name,
 * as after `npx parfocal` in a project, the script makes it known.
 */
export const completionCommand: CommandModule = {
  command: "completion",
  describe: "Print a script that completes commands in bash or zsh",
  handler() {
    yargs().scriptName("parfocal").showCompletionScript();
    const program = [process.execPath, MAIN].map(quoted).join(" ");
    console.log(`command -v parfocal > /dev/null || parfocal() { ${program} "$@"; }`);
  },
};

/** A word that a shell takes as it is. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
