import { spawn } from "node:child_process";

/**
 * Runs a command to its end, others meanwhile.
 * @returns {Promise<{ status: number | null, output: string }>} what it said, where it is not handed on; null: it could not run.
 */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, options);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    child.on("error", (error) => resolve({ status: null, output: String(error) }));
    child.on("close", (status) => resolve({ status, output }));
  });
}
