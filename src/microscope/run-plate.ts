import type { Optics } from "../optics/point-spread-function.js";
import { PROTOCOL_VERSION } from "../protocol/common.js";
import type { FrameMessage } from "../protocol/messages.js";
import { SiteVisit, type Step } from "../protocol/site-visit.js";
import type { GateClient } from "./gate-client.js";
import type { PlateSite } from "./plate.js";
import type { SimulatedMicroscope } from "./simulated-microscope.js";

/** Most frames of a site, whatever the agent asks for. */
const MOST_FRAMES = 8;
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
  /** Most frames of a site, whatever the agent asks for. @default 8 */
  readonly mostFrames?: number;
  /** Nominal z at which each site is imaged first, um. @default 0 */
  readonly plannedZUm?: number;
  /** Ends the run; a site in mid-search goes home first. */
  readonly signal?: AbortSignal;
}

/** What became of one site, by the simulator's own z and never by the score. */
export interface SiteResult {
  readonly site: string;
  readonly well: string;
  /** Name of the image that the site shows. */
  readonly image: string;
  readonly exposures: number;
  readonly keepAttempt: number;
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
 * However a site ends, the drive ends at the best z known, and the run continues.
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
  const { microscope, client, deadlineMs, clock, signal, mostFrames = MOST_FRAMES } = options;
  const { drive } = microscope;
  const visit = new SiteVisit({ rangeUm: drive.limitsUm, mostFrames });
  const defocusesUm: number[] = [];
  const latenciesMs: number[] = [];
  const levels: number[] = [];
  let unscored = 0;
  let [decision, reason] = ["unscored", "no verdict by the deadline"];
  drive.moveTo(options.plannedZUm ?? 0);
  let header: FrameMessage;
  let step: Step;
  do {
    const { frame, defocusUm } = microscope.snap(site);
    defocusesUm.push(defocusUm);
    header = headerOf(options, site, visit.attempt, nextSequence(), frame.bitDepth!);
    const sent = clock();
    const verdict = await client.score(header, frame.pixels, deadlineMs);
    if (verdict === undefined) unscored++;
    else {
      latenciesMs.push(clock() - sent);
      levels.push(verdict.expectedLevel);
      ({ decision, reason } = verdict);
    }
    step = visit.take(drive.positionUm, verdict);
    if (signal?.aborted) step = visit.refuse("cancelled", "the run was cancelled");
    for (const zUm of step.stopsUm) drive.moveTo(zUm);
  } while (step.again);
  if (visit.refusal !== undefined) await client.abandon(header, visit.refusal);
  return {
    site: site.name,
    well: site.well,
    image: site.image,
    exposures: defocusesUm.length,
    keepAttempt: visit.keepAttempt,
    firstDefocusUm: defocusesUm[0]!,
    keptDefocusUm: defocusesUm[visit.keepAttempt]!,
    firstLevel: levels[0],
    keptLevel: levels[visit.keepAttempt],
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
