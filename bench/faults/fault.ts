import type { Random } from "../../src/optics/random.js";
import type { CuttableProxy } from "../../test/helpers/cuttable-proxy.js";
import type { RemoteController } from "./remote-controller.js";
import type { SmallDisk } from "./small-disk.js";
import type { SteadyController } from "./steady-controller.js";

/** What a fault acts upon. */
export interface Target {
  /** Of the agent itself, not of its supervisor. */
  readonly pid: number;
  readonly address: string;
  readonly results: string;
  /** Folder of the model that the agent has loaded. */
  readonly model: string;
  readonly random: Random;
  /** Between the first controller and the agent. */
  readonly proxy: CuttableProxy;
  readonly steady: SteadyController;
  /** A controller that is there to be harmed. */
  readonly remote: RemoteController;
  readonly disk: SmallDisk;
  /** Lets the agent's wall clock jump, s; undefined where that is not possible. */
  readonly shiftClock: ((seconds: number) => Promise<void>) | undefined;
}

export interface Fault {
  readonly name: string;
  /** Whether records that were written before may be gone: somebody has deleted them. */
  readonly deletesResults?: true;
  /** Whether the disk has refused what was acknowledged meanwhile: it is written later, and only then looked for. */
  readonly refusesLines?: true;
  /** What this machine lacks for it, or undefined. */
  readonly lacks?: (target: Target) => string | undefined;
  /** Resolves when it is over. */
  readonly happen: (target: Target) => Promise<void>;
}

/** A random time, ms. */
export function milliseconds({ random }: Target, least: number, most: number): number {
  return least + random.below(most - least);
}
