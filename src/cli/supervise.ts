import { endSoon } from "./end-soon.js";
import { LogOutput } from "./log-output.js";
import { type LogFormat, readyLine } from "./log-text.js";
import { printable } from "./print.js";
import { Supervisor } from "./supervisor.js";

/** Runs this command line without `--supervise`, again and again. @returns the exit code. */
export async function supervise(format: LogFormat): Promise<number> {
  const [output, messages] = [new LogOutput(1), new LogOutput(2)];
  const supervisor = new Supervisor(unsupervised(process.argv.slice(1)), {
    print: (line) => output.write(readyLine(line, format)),
    say: (line) => messages.write(`${printable(line)}\n`),
  });
  try {
    return await supervisor.run();
  } finally {
    endSoon();
  }
}

/** The command line without the supervision. */
function unsupervised(command: readonly string[]): string[] {
  return [...process.execArgv, ...command.filter((word) => !/^--supervise(=|$)/.test(word))];
}
