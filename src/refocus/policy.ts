import type { FocusReport } from "../focus/report.js";
import { BoundedMap } from "../protocol/bounded-map.js";
import type { AbandonMessage, FrameMessage, OutcomeMessage } from "../protocol/messages.js";
import { SiteKeys } from "../records/site-keys.js";
import type { KnownFocus } from "./known-focus.js";
import { decideStep, judgeAlone } from "./next-step.js";
import { RefocusMemory } from "./refocus-memory.js";
import { endAt } from "./site-end.js";
import {
  type Judgement,
  LOST,
  outcomeOf,
  type SiteEnd,
  type SiteSearch,
  type SiteStep,
  startSearch,
} from "./site-search.js";
import type { Slice } from "./stack.js";
import { decideStackStep, judgeWatchedStack } from "./stack-step.js";
import {
  assess,
  type ChannelRules,
  levelOf,
  type PolicySettings,
  rulesFor,
  umPerLevelFor,
} from "./thresholds.js";
import { UnresponsiveDrives } from "./unresponsive-drive.js";

/** Sites that may be under search, and z-stacks that may be under way, at a time. */
const MAX_SITES = 10_000;
const MAX_STACKS = 100;
/** Sessions whose memory is kept. */
const MAX_SESSIONS = 50;

/** A site as frames and `abandon` name it. */
type NamedSite = Pick<FrameMessage, "session" | "site" | "channel" | "timeIndex" | "xUm" | "yUm">;

/**
 * From reports to decisions. Remembers the sites under search and what finished ones have taught; does no I/O and
 * reads no clock.
 */
export class RefocusPolicy {
  readonly #settings: PolicySettings;
  readonly #searches = new BoundedMap<string, SiteSearch>(MAX_SITES);
  readonly #stacks = new BoundedMap<string, Slice[]>(MAX_STACKS);
  readonly #memories = new BoundedMap<string, RefocusMemory>(MAX_SESSIONS);
  readonly #sites = new BoundedMap<string, SiteKeys>(MAX_SESSIONS);
  /** What sites that ended have to teach, until they are learned. */
  readonly #lessons: Iterator<undefined, void>[] = [];
  readonly #unresponsive = new UnresponsiveDrives();
  /** By session: frames that were asked for again. */
  readonly #retries = new BoundedMap<string, number>(MAX_SESSIONS);

  readonly #map: KnownFocus | undefined;

  /** @param map where the plate was in focus before; without one, a run learns it by itself. */
  constructor(settings: PolicySettings, map?: KnownFocus) {
    this.#settings = { ...settings };
    this.#map = map;
  }

  get settings(): PolicySettings {
    return this.#settings;
  }

  /** Changes settings from the next frame on; what was learned stays. */
  change(changes: Partial<PolicySettings>): void {
    Object.assign(this.#settings, changes);
  }

  /**
   * Judges one frame. Frames in `observe` mode are judged on their own and never lead to an action.
   * @param nowMs wall clock, for frames that do not say when they were taken.
   */
  judge(frame: FrameMessage, report: FocusReport, nowMs = 0): Judgement {
    this.#learnAll();
    const rules = rulesFor(this.#settings, frame.channel);
    const level = levelOf(report, rules);
    const assessment = assess(report, level, rules);
    const { kind } = assessment;
    const { levelSd, aggregateCertainty: certainty, contrast, fineness, brightness } = report;
    const judged = { level, levelSd, certainty, contrast, fineness, brightness };
    if (frame.stack !== undefined) this.#collect(frame, { zUm: frame.zUm, ...judged, kind });
    const timeMs = frame.timestampMs ?? nowMs;
    if (frame.mode === "observe" && frame.stack?.last === true) {
      const prior = this.#memoryOf(frame.session).priorFor(frame, rules, timeMs, report.brightness);
      return judgeWatchedStack(frame, this.#slicesOf(frame), rules, prior);
    }
    if (frame.mode === "observe") return judgeAlone(frame, assessment);
    const memory = this.#memoryOf(frame.session);
    const outcomes: OutcomeMessage[] = [];
    const search = this.#searchFor(frame, outcomes);
    const attemptsLeft = this.#attemptsLeft(frame, search, rules);
    const context = {
      frame,
      search,
      assessment,
      rules,
      settings: this.#settings,
      attemptsLeft,
      prior: () => memory.priorFor(search.first, rules, timeMs, search.samples[0]?.brightness),
      knowsContent: () => memory.knowsContent(search.first, rules, search.samples[0]?.brightness),
      guessUm: () => memory.guessAt(search.first, timeMs),
      mayLookAround: () => memory.mayLookAround,
      unresponsive: this.#unresponsiveAt(frame),
    };
    if (frame.stack === undefined) {
      const looksEmpty = kind === "blank";
      const isBlank = looksEmpty && report.mayBeBlurred !== true;
      // After a move, it went far out of focus.
      const isLost = isBlank && search.samples.length > 0;
      const seen = isLost ? { ...LOST, contrast } : judged;
      const { id, attempt } = frame;
      search.samples.push({ id, attempt, zUm: frame.zUm ?? search.askedZUm, isBlank, looksEmpty, ...seen });
    }
    const step: SiteStep & Pick<Judgement, "stack"> =
      frame.stack === undefined ? decideStep(context) : decideStackStep(context, this.#slicesOf(frame));
    if (step.action !== undefined) search.actions.push(step.action);
    if (step.end === undefined) this.#goOn(frame, search, step, outcomes);
    else outcomes.push(this.#finish(search, { ...step, end: step.end }, rules, timeMs));
    return {
      decision: step.end?.decision ?? "retry",
      ...(step.action !== undefined && { action: step.action }),
      keepAttempt: search.samples[search.best.index]!.attempt,
      attemptsLeft: step.end === undefined ? attemptsLeft - 1 : attemptsLeft,
      ...(step.stack !== undefined && { stack: step.stack }),
      ...(step.end !== undefined && this.#expectedNext(frame, memory, timeMs)),
      reason: step.reason,
      outcomes,
    };
  }

  /**
   * Takes in a part of what the sites that ended have taught. All of it takes longer than a judgement, so an agent does it part by
   * part once it has answered; the next judgement does the rest.
   * @returns whether there is more.
   */
  learnSome(): boolean {
    if (this.#lessons[0]?.next().done === true) this.#lessons.shift();
    return this.#lessons.length > 0;
  }

  #learnAll(): void {
    while (this.learnSome());
  }

  /** The controller goes on without a verdict for this frame: its site, if under search, ends unfinished. */
  unanswered(frame: NamedSite, why: string): OutcomeMessage | undefined {
    return this.#close(frame, () => unfinishedEnd(why));
  }

  /** The controller ends a site by itself. Undefined if it was not under search. */
  abandon(message: AbandonMessage): OutcomeMessage | undefined {
    return this.#close(message, (search) => ({
      ...endAt(search, message.why, message.reason),
      why: message.why,
    }));
  }

  /** Ends all searches, or those of one session, unfinished. */
  forget(session: string | undefined, why: string): OutcomeMessage[] {
    const outcomes: OutcomeMessage[] = [];
    for (const [key, search] of [...this.#searches.entries()]) {
      if (session !== undefined && search.first.session !== session) continue;
      this.#searches.delete(key);
      outcomes.push(unfinished(search, why));
    }
    if (session !== undefined) {
      this.#memories.delete(session);
      this.#sites.delete(session);
      this.#retries.delete(session);
    }
    return outcomes;
  }

  #expectedNext({ next }: FrameMessage, memory: RefocusMemory, timeMs: number): Pick<Judgement, "next"> {
    if (next === undefined || !this.#settings.suggest) return {};
    this.#learnAll();
    const expected = memory.next(next, timeMs);
    return expected === undefined ? {} : { next: expected };
  }

  #searchFor(frame: FrameMessage, outcomes: OutcomeMessage[]): SiteSearch {
    const known = this.#searches.get(this.#keyOf(frame));
    if (known !== undefined && frame.attempt > 0 && isSameTime(known.first, frame)) return known;
    if (known !== undefined) outcomes.push(unfinished(known, "the site was started again"));
    return startSearch(frame);
  }

  #goOn(frame: FrameMessage, search: SiteSearch, { action }: SiteStep, outcomes: OutcomeMessage[]): void {
    this.#retries.set(frame.session, this.#retriesOf(frame) + 1);
    search.askedZUm = search.samples.at(-1)!.zUm + (action?.kind === "move-z" ? action.byUm : 0);
    const evicted = this.#searches.set(this.#keyOf(frame), search);
    if (evicted !== undefined) outcomes.push(unfinished(evicted[1], "too many sites are under search"));
  }

  /** @returns what became of the site. */
  #finish(
    search: SiteSearch,
    { end, evidence }: SiteStep & { readonly end: SiteEnd },
    rules: ChannelRules,
    timeMs: number,
  ): OutcomeMessage {
    const { first, samples, best } = search;
    this.#searches.delete(this.#keyOf(first));
    const isFocused = end.recovered === "yes" || end.recovered === "not-needed";
    const memory = this.#memoryOf(first.session);
    if (end.why === "blank") memory.noteEmpty();
    if (isFocused) {
      this.#lessons.push(memory.learn(first, rules, samples, best.index, timeMs, evidence));
    }
    const umPerLevel = umPerLevelFor(rules, this.#settings.optics, first);
    // That nothing changes where there is nothing says nothing of the drive.
    if (end.why !== "blank") this.#unresponsive.note(first, samples, umPerLevel, isFocused);
    return outcomeOf(search, end);
  }

  #close(site: NamedSite, endOf: (search: SiteSearch) => SiteEnd): OutcomeMessage | undefined {
    const key = this.#keyOf(site);
    const search = this.#searches.get(key);
    if (search === undefined || !isSameTime(search.first, site)) return undefined;
    this.#searches.delete(key);
    return outcomeOf(search, endOf(search));
  }

  #collect(frame: FrameMessage, judged: Omit<Slice, "zIndex" | "id">): void {
    const slices = this.#stacks.get(this.#stackKeyOf(frame)) ?? [];
    slices.push({ zIndex: frame.zIndex ?? slices.length, ...judged, id: frame.id });
    this.#stacks.set(this.#stackKeyOf(frame), slices);
  }

  /** The slices of the stack that a frame closes. */
  #slicesOf(frame: FrameMessage): Slice[] {
    const slices = this.#stacks.get(this.#stackKeyOf(frame))!;
    this.#stacks.delete(this.#stackKeyOf(frame));
    return slices;
  }

  #keyOf({ session, site, channel, ...place }: NamedSite): string {
    const keys = this.#sites.get(session) ?? new SiteKeys(new BoundedMap(MAX_SITES));
    this.#sites.set(session, keys);
    return JSON.stringify([session, keys.keyOf(site, place), channel]);
  }

  #stackKeyOf(frame: FrameMessage): string {
    return JSON.stringify([this.#keyOf(frame), frame.timeIndex, frame.attempt]);
  }

  #memoryOf(session: string): RefocusMemory {
    const known = this.#memories.get(session);
    if (known !== undefined) return known;
    const memory = new RefocusMemory(this.#settings, this.#map);
    this.#memories.set(session, memory);
    return memory;
  }

  /** Searches in a row in which moving changed nothing, once they are many enough to save the light. */
  #unresponsiveAt(frame: FrameMessage): number {
    const inARow = this.#unresponsive.inARow(frame);
    return inARow >= this.#settings.coolDown.afterFailures ? inARow : 0;
  }

  #attemptsLeft(frame: FrameMessage, search: SiteSearch, rules: ChannelRules): number {
    const ofSite = rules.retries - Math.max(frame.attempt, search.samples.length);
    const ofRun = (this.#settings.runRetries ?? Number.POSITIVE_INFINITY) - this.#retriesOf(frame);
    return Math.max(0, Math.min(ofSite, ofRun));
  }

  #retriesOf({ session }: FrameMessage): number {
    return this.#retries.get(session) ?? 0;
  }
}

function unfinished(search: SiteSearch, why: string): OutcomeMessage {
  return outcomeOf(search, unfinishedEnd(why));
}

function unfinishedEnd(reason: string): SiteEnd {
  return { decision: "retry", recovered: "unknown", why: "unfinished", reason };
}

function isSameTime(first: NamedSite, other: NamedSite): boolean {
  return (first.timeIndex ?? 0) === (other.timeIndex ?? 0);
}
