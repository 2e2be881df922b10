import { BoundedMap } from "../protocol/bounded-map.js";
import type { FrameMessage, NextSite, NextZ } from "../protocol/messages.js";
import { ContentMemory } from "./content-memory.js";
import { FocusBelief } from "./focus-belief.js";
import { FocusEvidence, type Sample } from "./focus-evidence.js";
import type { ContentPrior, FocusPrior } from "./focus-prior.js";
import type { KnownFocus } from "./known-focus.js";
import { PlaceMemory, wellKeyOf } from "./place-memory.js";
import { type ChannelRules, oversamplingFor, type PolicySettings, umPerLevelFor } from "./thresholds.js";

/** Channels and optics of a session for which a scale and a side are remembered. */
const MAX_CHANNELS = 100;
/**
 * How well um per level is known before the first move (standard deviation of its logarithm): where the user gave it, and from
 * the optics, stated or assumed. Those are wrong by a factor of two often enough (binning, another objective) to look twice.
 */
const SD_OF_GIVEN = 0.3;
const SD_OF_OPTICS = 0.5;
/** Each new site takes this much of the memory of sides and scales: optics and plates change. */
const FORGETTING = 0.1;
/** How strongly the configured first side counts, in sites. */
const SIDE_PRIOR = 1;

/** What the sites of one session have taught: optics, content and side for each channel, and where focus lies. */
export class RefocusMemory {
  readonly #settings: PolicySettings;
  readonly #contents = new BoundedMap<string, ContentMemory>(MAX_CHANNELS);
  readonly #sides = new BoundedMap<string, { positive: number; negative: number }>(MAX_CHANNELS);
  readonly #places: PlaceMemory;
  #empty = 0;

  /** @param map where the plate was in focus before. */
  constructor(settings: PolicySettings, map?: KnownFocus) {
    this.#settings = settings;
    this.#places = new PlaceMemory(map);
  }

  /** What is believed of the site of a frame before its first level is seen. */
  priorFor(
    frame: FrameMessage,
    rules: ChannelRules,
    timeMs: number,
    brightness: number | undefined,
  ): FocusPrior {
    const { positive, negative } = this.#sideOf(frame.channel);
    return {
      ...this.#contentFor(frame, rules, brightness),
      positive: positive / (positive + negative),
      expected: this.#places.expectedAt(frame, timeMs),
    };
  }

  /**
   * Whether a site that shows nothing is worth a look above and below: nothing of the run was in focus yet. A plate may begin with
   * empty wells: from the first of them on, every second, fourth and so on is looked at.
   */
  get mayLookAround(): boolean {
    return !this.#places.isKnown && Number.isInteger(Math.log2(this.#empty + 1));
  }

  /** Where to look for a site that shows nothing, um. */
  guessAt(frame: FrameMessage, timeMs: number): number | undefined {
    return this.#places.guessAt(frame, timeMs);
  }

  /** Takes in a site that showed nothing. */
  noteEmpty(): void {
    this.#empty++;
  }

  /** Whether the run has shown what content like this reads near focus. @param brightness mean count of the first frame. */
  knowsContent(frame: FrameMessage, rules: ChannelRules, brightness: number | undefined): boolean {
    return this.#contentOf(frame, rules).knows(brightness);
  }

  /**
   * Takes in a site that ended in focus, part by part: together they take longer than anybody who is waited for should.
   * @param samples of the site, oldest first. @param keep index of the one in focus. @param evidence of the samples, if known.
   */
  *learn(
    first: FrameMessage,
    rules: ChannelRules,
    samples: readonly Sample[],
    keep: number,
    timeMs: number,
    evidence?: FocusEvidence,
  ): Generator<undefined, void> {
    const { brightness } = samples[0]!;
    const channel = first.channel ?? "";
    const known = evidence ?? new FocusEvidence(samples, this.#contentFor(first, rules, brightness));
    // Without what the neighbours say: this site is to be their witness, not their echo.
    const belief = new FocusBelief(known, { positive: 0.5 });
    if (samples.length > 1) {
      yield;
      this.#contentOf(first, rules).learn(belief, samples[keep]!, wellKeyOf(first.site), brightness);
      yield;
    }
    const shiftUm = samples[keep]!.zUm - samples[0]!.zUm;
    if (shiftUm !== 0) {
      const side = this.#sideOf(first.channel);
      this.#sides.set(channel, {
        positive: (1 - FORGETTING) * side.positive + (shiftUm > 0 ? 1 : 0),
        negative: (1 - FORGETTING) * side.negative + (shiftUm < 0 ? 1 : 0),
      });
    }
    if (first.zUm === undefined) return;
    this.#places.learn(first, belief.focusAbout(samples[keep]!.zUm), samples.length > 1, timeMs);
    yield;
    this.#places.fit();
  }

  /** Where focus is expected at a site to come, or undefined where the plan is the best guess. */
  next(next: NextSite, timeMs: number): NextZ | undefined {
    return this.#places.next(next, timeMs);
  }

  #contentFor(frame: FrameMessage, rules: ChannelRules, brightness: number | undefined): ContentPrior {
    return {
      umPerLevel: umPerLevelFor(rules, this.#settings.optics, frame),
      oversampling: oversamplingFor(rules, this.#settings.optics, frame),
      ...this.#contentOf(frame, rules).priorFor(wellKeyOf(frame.site), brightness),
    };
  }

  #contentOf(frame: FrameMessage, rules: ChannelRules): ContentMemory {
    const key = opticsKeyOf(frame);
    const known = this.#contents.get(key);
    if (known !== undefined) return known;
    const content = new ContentMemory(rules.umPerLevel === undefined ? SD_OF_OPTICS : SD_OF_GIVEN);
    this.#contents.set(key, content);
    return content;
  }

  #sideOf(channel: string | undefined): { positive: number; negative: number } {
    const preferred = this.#settings.firstSide === "positive";
    const [positive, negative] = preferred ? [0.55, 0.45] : [0.45, 0.55];
    return (
      this.#sides.get(channel ?? "") ?? { positive: SIDE_PRIOR * positive, negative: SIDE_PRIOR * negative }
    );
  }
}

/** Optics may change within a session; what was learned with others does not count. */
function opticsKeyOf({ channel, optics, pixelUm }: FrameMessage): string {
  return JSON.stringify([channel, optics?.na, optics?.refractiveIndex, pixelUm]);
}
