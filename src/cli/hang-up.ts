import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** Access mode of an open file in its flags, and that of one that can only be written. */
const [ACCESS, WRITE_ONLY] = [3, 1];

/**
 * Whether the program was started by nohup, which lets it go on when its terminal closes. Node listens to the signal all the same;
 * what is left to tell is the name of the command that a shell leaves in the environment, or that nohup has put in place of the
 * terminal an input that cannot be read (Linux).
 */
export function isUnderNohup(): boolean {
  return basename(process.env._ ?? "") === "nohup" || isInputOfNohup();
}

function isInputOfNohup(): boolean {
  try {
    const flags = /^flags:\s*(?<octal>[0-7]+)/m.exec(readFileSync("/proc/self/fdinfo/0", "utf8"))?.groups
      ?.octal;
    return flags !== undefined && (Number.parseInt(flags, 8) & ACCESS) === WRITE_ONLY;
  } catch {
    return false;
  }
}
