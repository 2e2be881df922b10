/** Lines that wait to be written, bounded in bytes: beyond that the oldest are given up. */
export class PendingLines {
  readonly #maxBytes: number;
  #lines: string[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get length(): number {
    return this.#lines.length;
  }

  /** @returns how many lines had to be given up. */
  add(line: string): number {
    this.#lines.push(line);
    this.#bytes += line.length;
    return this.#shrink();
  }

  /** Takes the oldest lines out, `count` at most. */
  take(count: number = this.#lines.length): string[] {
    const taken = this.#lines.splice(0, count);
    for (const { length } of taken) this.#bytes -= length;
    return taken;
  }

  /** Puts lines that could not be written back in front. @returns how many had to be given up. */
  putBack(lines: readonly string[]): number {
    this.#lines = [...lines, ...this.#lines];
    for (const { length } of lines) this.#bytes += length;
    return this.#shrink();
  }

  #shrink(): number {
    let count = 0;
    while (this.#bytes > this.#maxBytes) this.#bytes -= this.#lines[count++]!.length;
    if (count > 0) this.#lines.splice(0, count);
    return count;
  }
}
