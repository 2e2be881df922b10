import { fstatSync, writeSync } from "node:fs";
import { errorCode, fileReason } from "../frames/file-reasons.js";
import { exitCodes } from "./exit-codes.js";
import { say } from "./print.js";

/** Whether somebody has to get what is printed. */
let isNeeded = true;
let failure: Error | undefined;

/**
 * From now on a full disk or a reader that leaves ends no command in the middle of what it does. It goes to its end and fails; a reader
 * that has left, as `head` does, knows why.
 */
export function surviveLossOfOutput(): void {
  writeWholeFiles();
  process.stdout.on("error", (error) => {
    if (failure === undefined && isNeeded && errorCode(error) !== "EPIPE") {
      say(`Standard output cannot be written: ${fileReason(error)}`);
    }
    failure = error;
  });
  process.on("exit", () => {
    if (isNeeded && failure !== undefined) process.exitCode ||= exitCodes.failed;
  });
}

/** The program serves others: whoever started it may have gone. */
export function goOnWithoutOutput(): void {
  isNeeded = false;
}

/** Of what does not fit, a disk takes a part and says how much. Node takes that for the whole, and whoever reads the file, too. */
function writeWholeFiles(): void {
  const { stdout } = process;
  if (!isFile(stdout.fd)) return;
  stdout._write = (chunk: Uint8Array, _encoding, done) => {
    try {
      for (let written = 0; written < chunk.length; ) written += writeSync(stdout.fd, chunk, written);
      done();
    } catch (error) {
      done(error as Error);
    }
  };
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false;
  }
}
