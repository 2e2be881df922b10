import { constants, fstatSync, openSync, write } from "node:fs";
import { Socket } from "node:net";
import { isatty } from "node:tty";
import { errorCode } from "../frames/file-reasons.js";

/** Bytes of log that may wait for whoever reads it; beyond that lines are left out, and their number is told later. */
const MAX_WAITING_BYTES = 2 ** 20;
/** Pause before a terminal that takes nothing is tried again, ms. */
const TERMINAL_RETRY_MS = 50;

/** Writes a piece; `done` is told whether that worked. */
type WritePiece = (piece: string, done: (error?: Error | null) => void) => void;

/**
 * Standard error as a log that never waits and never fails: a pipe or a terminal that nobody reads, a full disk or a closed
 * descriptor costs lines of the log, and nothing else.
 */
export class LogOutput {
  readonly #writePiece: WritePiece;
  readonly #textOf: (line: string) => string;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #isWriting: boolean = false;
  #leftOut = 0;

  /** @param descriptor number of the open file. @param textOf what a line of JSON is written as. */
  constructor(descriptor: number, textOf: (line: string) => string = (line) => line) {
    this.#writePiece = pieceWriter(descriptor);
    this.#textOf = textOf;
  }

  /** Takes a line of JSON. */
  write(json: string): void {
    const line = this.#textOf(json);
    if (this.#waitingBytes + line.length > MAX_WAITING_BYTES) {
      this.#leftOut++;
      return;
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    this.#pump();
  }

  #pump(): void {
    if (this.#isWriting || this.#waiting.length === 0) return;
    this.#isWriting = true;
    const piece = this.#waiting.join("");
    const lines = this.#waiting.length;
    this.#waiting = [];
    this.#writePiece(piece, (error) => {
      this.#isWriting = false;
      this.#waitingBytes -= piece.length;
      if (error) this.#leftOut += lines;
      else if (this.#leftOut > 0) this.#tellLeftOut();
      this.#pump();
    });
  }

  #tellLeftOut(): void {
    const lines = this.#leftOut;
    this.#leftOut = 0;
    const line = { level: 40, time: Date.now(), lines, msg: "Lines of the log could not be written" };
    this.write(`${JSON.stringify(line)}\n`);
  }
}

/** Pipes are written by the event loop, which never waits for their reader; files and terminals by Node's threads. */
function pieceWriter(descriptor: number): WritePiece {
  const stats = fstatSync(descriptor);
  if (!stats.isFIFO() && !stats.isSocket()) {
    const file = isatty(descriptor) ? unwaitingTerminal(descriptor) : descriptor;
    return (piece, done) => writeAll(file, Buffer.from(piece), done);
  }
  const socket = new Socket({ fd: descriptor, readable: false, writable: true });
  // Told to the piece that was being written.
  socket.on("error", () => undefined);
  return (piece, done) => {
    if (socket.destroyed) done(new Error("nothing reads the log any more"));
    else socket.write(piece, done);
  };
}

/**
 * The same terminal, opened so that nothing waits in it (Ctrl-S): Node joins its threads at the end, and one that waits would keep the
 * process from ending. Where that cannot be, the terminal as it is.
 */
function unwaitingTerminal(descriptor: number): number {
  if (process.platform !== "linux") return descriptor;
  try {
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return descriptor;
  }
}

function writeAll(file: number, bytes: Buffer, done: (error?: Error | null) => void): void {
  write(file, bytes, (error, written) => {
    if (errorCode(error) === "EAGAIN") setTimeout(() => writeAll(file, bytes, done), TERMINAL_RETRY_MS);
    else if (error || written === bytes.length) done(error);
    else writeAll(file, bytes.subarray(written), done);
  });
}
