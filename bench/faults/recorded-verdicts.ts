import { open } from "node:fs/promises";

const LINE_BREAK = 10;

/** The verdicts in a results.jsonl that grows, may be removed and begins anew then. */
export class RecordedVerdicts {
  readonly #path: string;
  readonly #ids = new Set<string>();
  #inode = 0;
  /** Bytes of whole lines that were read. */
  #offset = 0;

  constructor(path: string) {
    this.#path = path;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Reads what is new. */
  async update(): Promise<void> {
    const file = await open(this.#path).catch(() => undefined);
    if (file === undefined) return;
    const { size, ino } = await file.stat();
    if (ino !== this.#inode || size < this.#offset) {
      this.#ids.clear();
      this.#offset = 0;
      this.#inode = ino;
    }
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(size - this.#offset),
      position: this.#offset,
    });
    await file.close();
    const whole = buffer.subarray(0, buffer.lastIndexOf(LINE_BREAK, bytesRead) + 1);
    this.#offset += whole.length;
    for (const [, id] of whole.toString().matchAll(/"type":"verdict","id":"([^"]+)"/g)) this.#ids.add(id!);
  }
}
