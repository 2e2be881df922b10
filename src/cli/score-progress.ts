import { duration, ProgressBar } from "./progress.js";

/** How often a line tells how far it is where there is no terminal, s. */
const LINE_SECONDS = 60;

/** How far scoring is, how fast it goes and how long it will take: a bar on a terminal, else a line a minute. */
export class ScoreProgress {
  readonly #bar = new ProgressBar("Scoring {bar} {value}/{total} files  {note}", 0);
  readonly #seconds: () => number;
  readonly #say: (line: string) => void;
  readonly #since: number;
  #total: number | undefined;
  #done: number;
  readonly #before: number;
  #lineAt: number;

  /** @param done files that were done before. @param seconds monotonic. */
  constructor(done: number, seconds: () => number, say: (line: string) => void) {
    this.#before = done;
    this.#done = done;
    this.#seconds = seconds;
    this.#say = say;
    this.#since = seconds();
    this.#lineAt = this.#since + LINE_SECONDS;
  }

  /** How many files there are, once they have been counted. */
  set total(total: number) {
    this.#total = total;
    this.#bar.setTotal(total);
  }

  fileDone(name: string): void {
    this.#done++;
    const note = this.#pace();
    this.#bar.update(this.#done, { note: `${note}  ${name}` });
    if (process.stderr.isTTY || this.#seconds() < this.#lineAt) return;
    this.#lineAt = this.#seconds() + LINE_SECONDS;
    this.#say(`${this.#done} of ${this.#total ?? "?"} files, ${note}`);
  }

  stop(): void {
    this.#bar.stop();
  }

  #pace(): string {
    return pace(this.#done - this.#before, this.#seconds() - this.#since, (this.#total ?? NaN) - this.#done);
  }
}

/** "38.2 files/s, 3 min 20 s left"; files so far, seconds for them, and files to go (NaN where they are not counted yet). */
export function pace(done: number, seconds: number, toGo: number): string {
  const rate = done / seconds;
  return `${rate >= 100 ? Math.round(rate) : rate.toFixed(1)} files/s, ${duration(toGo / rate)} left`;
}
