/**
 * Shortest time between two drawings for what the agent says, ms. The page often shares a machine with the scorer, whose
 * time it must not take: it draws when a record has just come, for then the next frame is not there yet. What a person
 * does is drawn at once.
 */
const DRAW_MS = 800;
/** When no more records come, the last ones are drawn after this, ms. */
const LAST_DRAW_MS = 1500;

/** When the views are drawn. */
export class DrawSchedule {
  readonly #draw: () => void;
  #next: ReturnType<typeof setTimeout> | undefined;
  #lastMs = 0;

  constructor(draw: () => void) {
    this.#draw = draw;
  }

  /** At once: for what a person did. */
  now(): void {
    clearTimeout(this.#next);
    this.#next = setTimeout(() => this.#drawNow());
  }

  /** For what the agent said: now, or when it says something next, or a while later. */
  soon(): void {
    if (performance.now() - this.#lastMs >= DRAW_MS) this.now();
    else this.later();
  }

  /** For what can wait for the next drawing, or for a while. */
  later(): void {
    this.#next ??= setTimeout(() => this.#drawNow(), LAST_DRAW_MS);
  }

  #drawNow(): void {
    this.#next = undefined;
    this.#lastMs = performance.now();
    requestAnimationFrame(() => this.#draw());
  }
}
