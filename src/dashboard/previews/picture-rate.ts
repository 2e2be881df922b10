/** Lets so many pictures a second be made, and so many at once where few were made before. */
export class PictureRate {
  readonly #everyMs: number;
  readonly #burstMs: number;
  /** When the next picture is due, monotonic, ms. */
  #nextMs = Number.NEGATIVE_INFINITY;

  /** @param perSecond over 0. @param burst at least 1. */
  constructor(perSecond: number, burst: number) {
    this.#everyMs = 1000 / perSecond;
    this.#burstMs = burst * this.#everyMs;
  }

  /** Whether a frame that comes now has a picture. One that comes a little early still has. */
  takes(nowMs: number): boolean {
    if (nowMs < this.#nextMs) return false;
    this.#nextMs = Math.max(this.#nextMs, nowMs - this.#burstMs) + this.#everyMs;
    return true;
  }
}
