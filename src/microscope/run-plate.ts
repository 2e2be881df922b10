import type { Optics } from "../optics/point-spread-function.js";
import { PROTOCOL_VERSION } from "../protocol/common.js";
import type { FrameMessage } from "../protocol/messages.js";
import type { GateClient } from "./gate-client.js";
import type { PlateSite } from "./plate.js";
import type { SimulatedMicroscope } from "./simulated-microscope.js";

/** Time that passes on the simulated stage with each exposure, ms: so a run depends on its seed alone. */
const EXPOSURE_MS = 500;

export interface RunPlateOptions {
  readonly microscope: SimulatedMicroscope;
  readonly sites: readonly PlateSite[];
  readonly client: GateClient;
  readonly session: string;
  readonly plate: string;
  readonly deadlineMs: number;
  /** Monotonic clock, ms. */
  readonly clock: () => number;
  /** What the controller says of the optics, if not what they are. */
  readonly stated?: Optics;
  readonly signal?: AbortSignal;
}

/** What became of one site, by the simulator's own z and never by the score. */
export interface SiteResult {
  readonly site: string;
  readonly well: string;
  /** Name of the image that the site shows. */
  readonly image: string;
  readonly exposures: number;
  /** Signed distance from focus of the first frame and of the one kept, um. */
  readonly firstDefocusUm: number;
  readonly keptDefocusUm: number;
  /** Expected level of the first frame and of the one kept; undefined where unscored. */
  readonly firstLevel: number | undefined;
  readonly keptLevel: number | undefined;
  readonly decision: string;
  readonly reason: string;
  /** Time from sending a frame to its verdict, ms, for each frame that was answered. */
  readonly latenciesMs: readonly number[];
  readonly unscored: number;
}

/**
 * Images a plate as a controller would: every site at the same nominal z, each frame gated, each action executed.
 * A frame without a verdict by the deadline is kept as it is and the run goes on.
 */
export async function* runPlate(options: RunPlateOptions): AsyncGenerator<SiteResult, void, undefined> {
  let sequence = 0;
  for (const site of options.sites) {
    options.signal?.throwIfAborted();
    yield await imageSite(options, site, () => sequence++);
  }
}

async function imageSite(
  options: RunPlateOptions,
  site: PlateSite,
  nextSequence: () => number,
): Promise<SiteResult> {
  const { microscope, client, deadlineMs, clock } = options;
  const { drive } = microscope;
  const defocusesUm: number[] = [];
  const latenciesMs: number[] = [];
  const levels: number[] = [];
  let keepAttempt = 0;
  let unscored = 0;
  let [decision, reason] = ["unscored", "no verdict by the deadline"];
  drive.moveTo(0);
  for (let attempt = 0; ; attempt++) {
    const { frame, defocusUm } = microscope.snap(site);
    defocusesUm.push(defocusUm);
    const header = headerOf(options, site, attempt, nextSequence(), frame.bitDepth!);
    const sent = clock();
    const verdict = await client.score(header, frame.pixels, deadlineMs);
    if (!verdict) {
      unscored++;
      keepAttempt = attempt;
      break;
    }
    latenciesMs.push(clock() - sent);
    levels.push(verdict.expectedLevel);
    ({ decision, reason, keepAttempt } = verdict);
    if (verdict.action?.kind === "move-z") drive.moveTo(drive.positionUm + verdict.action.byUm);
    if (!verdict.acquireAgain) break;
  }
  return {
    site: site.name,
    well: site.well,
    image: site.image,
    exposures: defocusesUm.length,
    firstDefocusUm: defocusesUm[0]!,
    keptDefocusUm: defocusesUm[keepAttempt]!,
    firstLevel: levels[0],
    keptLevel: levels[keepAttempt],
    decision,
    reason,
    latenciesMs,
    unscored,
  };
}

function headerOf(
  { microscope, session, plate, deadlineMs, stated }: RunPlateOptions,
  site: PlateSite,
  attempt: number,
  sequence: number,
  bitDepth: number,
): FrameMessage {
  const optics = stated ?? microscope.settings.optics;
  const { name, well, row, column, index } = site;
  return {
    v: PROTOCOL_VERSION,
    type: "frame",
    id: `${session}/${name}/DAPI/t0/${attempt}`,
    session,
    sequence,
    mode: "gate",
    deadlineMs,
    dtype: "uint16",
    shape: [Math.sqrt(site.light.length), Math.sqrt(site.light.length)],
    bitDepth,
    site: { name, plate, well, index, row, column },
    attempt,
    timestampMs: sequence * EXPOSURE_MS,
    channel: "DAPI",
    timeIndex: 0,
    zIndex: 0,
    xUm: site.xUm,
    yUm: site.yUm,
    zUm: microscope.drive.positionUm,
    zSource: "measured",
    zLimitsUm: [...microscope.drive.limitsUm],
    pixelUm: optics.pixelUm,
    optics: {
      na: optics.numericalAperture,
      wavelengthNm: optics.wavelengthNm,
      refractiveIndex: optics.refractiveIndex,
    },
  };
}
