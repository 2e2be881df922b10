import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** The built command line. */
export const MAIN = join(import.meta.dirname, "../../dist/cli/main.js");

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the built command line as a process of its own; Node gets `nodeFlags`. */
export function startCommand(
  args: readonly string[],
  nodeFlags: readonly string[] = [],
): { child: ChildProcess; finished: Promise<Finished> } {
  if (!existsSync(MAIN)) throw new Error("dist/ is missing: npm run build");
  const child = spawn(process.execPath, [...nodeFlags, MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (data: Buffer) => {
    stdout += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => {
    stderr += data.toString();
  });
  const finished = once(child, "close").then(() => ({ code: child.exitCode, stdout, stderr }));
  return { child, finished };
}

/** Runs the built command line to its end. */
export function parfocal(...args: readonly string[]): Promise<Finished> {
  return startCommand(args).finished;
}
