import { fstatSync, write } from "node:fs";
import { Socket } from "node:net";

/** Bytes of log that may wait for whoever reads it; beyond that lines are left out, and their number is told later. */
const MAX_WAITING_BYTES = 2 ** 20;

/** Writes a piece; `done` is told whether that worked. */
type WritePiece = (piece: string, done: (error?: Error | null) => void) => void;

/**
 * Standard error as a log that never waits and never fails: a pipe that nobody reads, a full disk or a closed descriptor
 * costs lines of the log, and nothing else.
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

/** Pipes are written by the event loop, which never waits for their reader; files by Node's threads. */
function pieceWriter(descriptor: number): WritePiece {
  const stats = fstatSync(descriptor);
  if (!stats.isFIFO() && !stats.isSocket()) {
    return (piece, done) => write(descriptor, piece, (error) => done(error));
  }
  const socket = new Socket({ fd: descriptor, readable: false, writable: true });
  // Told to the piece that was being written.
  socket.on("error", () => undefined);
  return (piece, done) => {
    if (socket.destroyed) done(new Error("nothing reads the log any more"));
    else socket.write(piece, done);
  };
}
