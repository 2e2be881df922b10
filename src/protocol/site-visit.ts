import type { AbandonReason, VerdictMessage } from "./messages.js";
import { inside, rangeText, type ZRange } from "./z-range.js";

/** Two z closer than this are one, um: a drive reports back what it was told with some rounding. */
const SAME_Z_UM = 0.1;

export interface VisitLimits {
  /** Where the drive may go, um. */
  readonly rangeUm: ZRange;
  /** Most frames of the site, the first included, whatever the agent asks for. */
  readonly mostFrames?: number;
}

/** What a controller obeys of a verdict. */
export type Order = Pick<VerdictMessage, "action" | "acquireAgain" | "keepAttempt">;

/** What to do after a frame. */
export interface Step {
  /** Whether to acquire again afterwards. */
  readonly again: boolean;
  /** Where to send the drive, in this order, um; none: it stays. */
  readonly stopsUm: readonly number[];
  readonly autofocus: boolean;
}

/** Why a site ended without the agent. */
export interface Refusal {
  readonly why: AbandonReason;
  readonly reason: string;
}

/**
 * What a controller does at one site, from the first frame to the last: obeys each verdict or refuses it, and knows which
 * frame is the best and where home is. Moves nothing itself. Written down as conversations in test/contract/transcripts.
 */
export class SiteVisit {
  readonly #limits: VisitLimits;
  readonly #takenUm: number[] = [];
  #isJudged: boolean = false;
  #keepAttempt = 0;
  #refusal: Refusal | undefined;

  constructor(limits: VisitLimits) {
    this.#limits = limits;
  }

  /** The attempt that comes next, from 0. */
  get attempt(): number {
    return this.#takenUm.length;
  }

  /** The attempt whose frame is the best known. */
  get keepAttempt(): number {
    return this.#keepAttempt;
  }

  /** Where the best frame was taken, um; undefined before the first frame. */
  get bestZUm(): number | undefined {
    return this.#takenUm[this.#keepAttempt];
  }

  /** Set once the site has ended without the agent. */
  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  /**
   * Takes in one frame and obeys its verdict, or refuses and goes home.
   * @param zUm where it was taken, um. @param order undefined: there is no verdict, and the site ends.
   * @param whyNone why there is none.
   */
  take(zUm: number, order: Order | undefined, whyNone = "no verdict in time"): Step {
    this.#takenUm.push(zUm);
    if (order === undefined) {
      if (!this.#isJudged) this.#keepAttempt = this.#takenUm.length - 1;
      return this.refuse("unscored", whyNone);
    }
    this.#isJudged = true;
    if (order.keepAttempt < this.#takenUm.length) this.#keepAttempt = order.keepAttempt;
    const { mostFrames = Number.POSITIVE_INFINITY } = this.#limits;
    if (order.acquireAgain && this.#takenUm.length >= mostFrames) {
      return this.refuse("other", `no more than ${mostFrames} frames a site`);
    }
    return this.#obey(zUm, order);
  }

  /** Ends the site without the agent. Against a focus lock nothing moves; otherwise the drive goes home. */
  refuse(why: AbandonReason, reason: string): Step {
    this.#refusal = { why, reason };
    const homeUm = why === "lock" ? undefined : this.bestZUm;
    return { again: false, stopsUm: homeUm === undefined ? [] : [homeUm], autofocus: false };
  }

  #obey(zUm: number, { action, acquireAgain: again }: Order): Step {
    if (action === undefined || action.kind === "reacquire") return { again, stopsUm: [], autofocus: false };
    if (action.kind === "autofocus") return { again, stopsUm: [], autofocus: true };
    const toUm = zUm + action.byUm;
    const { rangeUm } = this.#limits;
    if (!inside(toUm, rangeUm) && !this.#wasAt(toUm)) {
      return this.refuse("limits", `z ${toUm.toFixed(2)} um is outside ${rangeText(rangeUm)}`);
    }
    const viaUm = action.viaUm === undefined ? undefined : zUm + action.viaUm;
    const goesVia = viaUm !== undefined && inside(viaUm, rangeUm);
    return { again, stopsUm: goesVia ? [viaUm, toUm] : [toUm], autofocus: false };
  }

  /** Going back to a z of this site is always allowed. */
  #wasAt(zUm: number): boolean {
    return this.#takenUm.some((takenUm) => Math.abs(takenUm - zUm) <= SAME_Z_UM);
  }
}
