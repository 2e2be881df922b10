/** A focus drive: goes where it is told within its limits, in whole steps. All lengths in micrometres. */
export class ZDrive {
  readonly limitsUm: readonly [number, number];
  readonly #stepUm: number;
  #positionUm = 0;
  #travelUm = 0;

  constructor(limitsUm: readonly [number, number], stepUm = 0.025) {
    this.limitsUm = limitsUm;
    this.#stepUm = stepUm;
  }

  get positionUm(): number {
    return this.#positionUm;
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
  }
}
