/**
 * A focus drive: goes where it is told within its limits, in whole steps. With backlash it arrives short of there by half of it, on the
 * side that it comes from, and a shorter way back moves nothing; what it reports is where it was told to go. All lengths in micrometres.
 */
export class ZDrive {
  readonly limitsUm: readonly [number, number];
  readonly #stepUm: number;
  readonly #backlashUm: number;
  #positionUm = 0;
  #actualUm = 0;
  #travelUm = 0;

  constructor(limitsUm: readonly [number, number], stepUm = 0.025, backlashUm = 0) {
    this.limitsUm = limitsUm;
    this.#backlashUm = backlashUm;
    this.#stepUm = stepUm;
  }

  /** As it is reported. */
  get positionUm(): number {
    return this.#positionUm;
  }

  /** Where the objective is. */
  get actualUm(): number {
    return this.#actualUm;
  }

  /** Path since the start. */
  get travelUm(): number {
    return this.#travelUm;
  }

  /** Goes to `zUm`, or as far as the limits allow. */
  moveTo(zUm: number): void {
    const allowed = Math.min(Math.max(zUm, this.limitsUm[0]), this.limitsUm[1]);
    const reached = Math.round(allowed / this.#stepUm) * this.#stepUm;
    this.#travelUm += Math.abs(reached - this.#positionUm);
    this.#positionUm = reached;
    const play = this.#backlashUm / 2;
    this.#actualUm = Math.min(Math.max(this.#actualUm, reached - play), reached + play);
  }
}
