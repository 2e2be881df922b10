import type { Frame } from "../../frames/frame.js";
import type { FrameMetadata } from "../../frames/micro-manager-metadata.js";
import type { MicroManagerConnection } from "./connection.js";
import { MicroManagerCore } from "./core.js";
import { MicroManagerStudio } from "./studio.js";

/** Longest time for an autofocus method, ms, where nothing else is said. */
export const AUTOFOCUS_MS = 60_000;

/** Micro-Manager's microscope at the position where it stands. */
export class MicroManagerMicroscope {
  readonly #core: MicroManagerCore;
  readonly #studio: MicroManagerStudio;
  readonly #autofocusTimeoutMs: number;

  constructor(connection: MicroManagerConnection, autofocusTimeoutMs = AUTOFOCUS_MS) {
    this.#core = new MicroManagerCore(connection);
    this.#studio = new MicroManagerStudio(connection);
    this.#autofocusTimeoutMs = autofocusTimeoutMs;
  }

  /** One image, with z as it was measured just before. */
  async snap(
    signal?: AbortSignal,
  ): Promise<{ frame: Frame; metadata: FrameMetadata; zUm: number; pixelUm: number | undefined }> {
    const zUm = await this.#core.zUm();
    const { frame, metadata } = await this.#core.snap(signal);
    return { frame, metadata, zUm, pixelUm: await this.#core.pixelUm() };
  }

  zUm(): Promise<number> {
    return this.#core.zUm();
  }

  moveToZ(zUm: number): Promise<void> {
    return this.#core.moveToZ(zUm);
  }

  isLocked(): Promise<boolean> {
    return this.#core.isContinuousFocusEnabled();
  }

  /** Runs the autofocus method that is chosen in Micro-Manager, else the hardware's. */
  async autofocus(): Promise<void> {
    const options = { timeoutMs: this.#autofocusTimeoutMs };
    if ((await this.#studio.fullFocus(options)) === undefined) await this.#core.fullFocus(options);
  }
}
