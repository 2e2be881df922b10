import cliProgress from "cli-progress";

/** A progress bar on standard error; silent where that is not a terminal. */
export class ProgressBar {
  readonly #bar: cliProgress.SingleBar | undefined;

  /** @param format as cli-progress takes it, e.g. "{bar} {value}/{total} {note}". */
  constructor(format: string, total: number) {
    if (!process.stderr.isTTY) return;
    this.#bar = new cliProgress.SingleBar(
      { format, stream: process.stderr, hideCursor: true, clearOnComplete: false },
      cliProgress.Presets.shades_classic,
    );
    this.#bar.start(total, 0, { note: "" });
  }

  update(value: number, payload: Record<string, unknown> = {}): void {
    this.#bar?.update(value, payload);
  }

  setTotal(total: number): void {
    this.#bar?.setTotal(total);
  }

  stop(): void {
    this.#bar?.stop();
  }
}

/** "1 h 05 min", "3 min 20 s", "12 s". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const whole = Math.max(0, Math.round(seconds));
  if (whole >= 3600)
    return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
  if (whole >= 60) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${whole} s`;
}
