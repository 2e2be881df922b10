import { ParfocalError } from "../errors.js";
import type { DrivenMicroscope } from "./driven-microscope.js";

/** From a move as long as this on, um, its direction can be told from what the drive reports. */
const NOTICEABLE_UM = 0.2;
/** A drive runs the other way if it reports at least this share of a move with the opposite sign. */
const REVERSED_SHARE = 0.25;

/** The focus drive reported a move with the opposite sign. It was sent back and is not moved any more. */
export class ReversedDriveError extends ParfocalError {
  readonly tag = "ReversedDriveError";

  constructor(askedUm: number, madeUm: number) {
    const told = `told to move by ${askedUm.toFixed(2)} um it reports ${madeUm.toFixed(2)} um`;
    super(`the focus drive runs the other way: ${told}; check the sign of its position`);
  }
}

/** Moves a focus drive as long as it goes the way that it is told. */
export class OneWayDrive {
  readonly #microscope: Pick<DrivenMicroscope, "zUm" | "moveToZ">;
  #isReversed = false;

  constructor(microscope: Pick<DrivenMicroscope, "zUm" | "moveToZ">) {
    this.#microscope = microscope;
  }

  /** Set by the first move that went the other way. */
  get isReversed(): boolean {
    return this.#isReversed;
  }

  /** @throws ReversedDriveError; what the microscope throws when the drive refuses. */
  async moveToZ(zUm: number): Promise<void> {
    const beforeUm = await this.#microscope.zUm();
    await this.#microscope.moveToZ(zUm);
    const [askedUm, madeUm] = [zUm - beforeUm, (await this.#microscope.zUm()) - beforeUm];
    const isOpposite = madeUm * askedUm < 0 && Math.abs(madeUm) >= REVERSED_SHARE * Math.abs(askedUm);
    if (Math.abs(askedUm) < NOTICEABLE_UM || !isOpposite) return;
    this.#isReversed = true;
    await this.#microscope.moveToZ(zUm + madeUm);
    throw new ReversedDriveError(askedUm, madeUm);
  }
}
