import { wellOf } from "../../frames/wells.js";
import type { RuleValues } from "../../protocol/messages.js";
import type { ResultRecord } from "../../records/record.js";
import type { FrameRow, SiteRow } from "../../records/rows.js";
import type { SiteState, SiteStates } from "../../records/site-state.js";
import { formatFor } from "../../runs/plate.js";
import type { RunEntry } from "../../runs/run-snapshot.js";
import { RunTable } from "../../runs/run-table.js";
import type { ControlRequest, ServerMessage, StatusView } from "../wire.js";
import { fetchRun, fetchRuns, fetchStatus, requestChange, TokenRefusal } from "./api.js";
import { DrawSchedule } from "./draw-schedule.js";
import { LiveConnection } from "./live.js";
import { rulesInForce } from "./rules-in-force.js";
import { type Selection, selectedIn } from "./selection.js";
import { keepToken, takeToken } from "./token.js";

/** Time that the newest frame is shown before the next one, ms: each is a picture to be loaded. */
const NEWEST_MS = 2000;
/** An agent that starts again may fail to connect before it answers. */
const MANY_FAILURES = 3;
/** After so many new frames the run is loaded again: that has its newest only, and a page that stays open does not grow without end. */
const NEW_FRAMES = 20_000;

/** Everything that the page shows. Views read it when `onDraw` tells them to. */
export class PageState {
  status: StatusView | undefined;
  runs: readonly RunEntry[] = [];
  table: RunTable = new RunTable("");
  isConnected: boolean = false;
  /** Whether the agent answers, and something lets no live connection through. */
  isBarred: boolean = false;
  /** Whether the run that goes on is shown, whichever it is. */
  followsLive: boolean = true;
  /** Undefined: the newest frame is shown. */
  selection: Selection | undefined;
  /** The last thing that went wrong, for people. */
  problem: string | undefined;
  /** Counts changes of the run's rows, so that views can tell whether they are up to date. */
  version = 0;
  /** Sites that have changed since the plate was drawn. */
  readonly changedSites = new Set<number>();
  token: string | undefined;
  readonly #live: LiveConnection;
  readonly #drawing: DrawSchedule;
  #place: { epoch: string; sequence: number } | undefined;
  #loading: Promise<void> | undefined;
  /** Records that came while a run was loaded. */
  #meanwhile: ResultRecord[] = [];
  /** Of the table when it was loaded. */
  #loadedFrames = 0;
  #newest: FrameRow | undefined;
  #newestMs = Number.NEGATIVE_INFINITY;

  constructor(onDraw: () => void) {
    this.#drawing = new DrawSchedule(onDraw);
    this.#live = new LiveConnection(
      (message) => this.#take(message),
      (isConnected, failures) => {
        this.isConnected = isConnected;
        if (isConnected) this.isBarred = false;
        else if (failures >= MANY_FAILURES) void this.#lookPast();
        this.draw();
      },
      () => this.#place,
    );
  }

  async start(): Promise<void> {
    this.#takeToken();
    // The address of an agent that was started again, put into a page that is open, is none that it loads anew for.
    addEventListener("hashchange", () => this.#takeToken());
    try {
      this.status = await fetchStatus();
    } catch (error) {
      this.#failed(error);
    }
    if (this.status !== undefined) await this.#showFirst();
    this.#live.start();
    this.draw();
  }

  /** Shows the run that goes on, or else the newest. */
  async #showFirst(): Promise<void> {
    await this.#listAgain();
    // Before the first frame: the run that went before.
    const run = this.status?.liveRun ?? this.runs[0]?.id;
    if (run !== undefined) await this.show(run);
  }

  /** Shows a run as a whole. */
  async show(id: string): Promise<void> {
    const loading = (this.#loading ?? Promise.resolve())
      .then(() => this.#load(id))
      .finally(() => {
        // Another one may wait behind it.
        if (this.#loading === loading) this.#loading = undefined;
      });
    this.#loading = loading;
    await loading;
  }

  /** Shows a run that a person has picked; the live one is followed from one run to the next. */
  async pick(id: string): Promise<void> {
    this.followsLive = id === this.status?.liveRun;
    this.selection = undefined;
    await this.show(id);
  }

  select(selection: Selection | undefined): void {
    this.selection = selection;
    this.draw();
  }

  /** The frame that is shown: the chosen one, the one to keep of the chosen site, or the newest. */
  shownFrame(): FrameRow | undefined {
    const { selection } = this;
    if (selection?.frameId !== undefined) return this.table.frameById(selection.frameId);
    return this.shownState()?.kept;
  }

  /** The state of the chosen site (its worst channel, unless one is chosen), or of the newest frame's. */
  shownState(): SiteState | undefined {
    const { selection } = this;
    if (selection === undefined) {
      const newest = this.#newestFrame();
      return newest && this.states.get(newest.site, newest.channel, newest.timeIndex);
    }
    const { site, channel, timeIndex } = selection;
    if (channel !== undefined && timeIndex !== undefined) return this.states.get(site, channel, timeIndex);
    const latest = this.states
      .ofSite(site, timeIndex)
      .filter((state) => channel === undefined || state.channel === channel);
    return latest.reduce<SiteState | undefined>(
      (worst, state) => (worst === undefined || (state.level ?? -1) > (worst.level ?? -1) ? state : worst),
      undefined,
    );
  }

  get states(): SiteStates {
    return this.table.states;
  }

  siteOf(number: number): SiteRow {
    return this.table.sites[number]!;
  }

  /** Thresholds in force, or those by which a finished run was judged. */
  rulesOf(channel: string | undefined): RuleValues | undefined {
    const { status, table } = this;
    const now = status && rulesInForce(status, channel);
    return status?.liveRun === table.id ? now : (table.rulesOf(channel) ?? now);
  }

  /** Plates of the run; the empty name stands for none. */
  plates(): string[] {
    return [...new Set(this.table.sites.map(({ plate }) => plate ?? ""))];
  }

  /** Whether the sites of a plate lie in wells. */
  hasWells(plate: string): boolean {
    const sites = this.table.sites.filter((site) => (site.plate ?? "") === plate);
    return formatFor(sites.flatMap((site) => wellOf(site) ?? [])) !== undefined;
  }

  /** Asks for a change; what is in the way is shown. */
  async change(request: ControlRequest): Promise<void> {
    try {
      if (this.token === undefined) throw new Error("Enter the token first.");
      await requestChange(request, this.token);
      this.problem = undefined;
    } catch (error) {
      // The agent may be another one by now: the page asks for its token.
      if (error instanceof TokenRefusal) this.setToken("");
      this.#failed(error);
    }
    this.draw();
  }

  setToken(token: string): void {
    this.token = token === "" ? undefined : token;
    keepToken(this.token);
    this.draw();
  }

  dismissProblem(): void {
    this.problem = undefined;
    this.draw();
  }

  /** Has the views drawn at once: for what a person did. */
  draw(): void {
    this.#drawing.now();
  }

  /** Whether it is the agent that is away, or only the live connection that does not get through. */
  async #lookPast(): Promise<void> {
    const isThere = await fetchStatus().then(
      () => true,
      () => false,
    );
    this.isBarred = isThere && !this.isConnected;
    this.draw();
  }

  #takeToken(): void {
    this.token = takeToken();
    this.draw();
  }

  /** The newest frame, for long enough to look at it. */
  #newestFrame(): FrameRow | undefined {
    const isOther = this.#newest !== undefined && this.table.frameById(this.#newest.id) !== this.#newest;
    if (this.#newest === undefined || isOther || performance.now() - this.#newestMs > NEWEST_MS) {
      const { frames } = this.table;
      // Of a stack that is only watched no frame stands for the others.
      this.#newest = frames.findLast(({ isSlice }) => !isSlice) ?? frames.at(-1);
      this.#newestMs = performance.now();
    }
    return this.#newest;
  }

  async #load(id: string): Promise<void> {
    try {
      const { snapshot, epoch, sequence } = await fetchRun(id);
      const table = RunTable.from(snapshot);
      if (this.table.id === id) this.selection = selectedIn(table, this.table, this.selection);
      this.table = table;
      this.#loadedFrames = this.table.frames.length;
      // What came meanwhile may be in the snapshot or not; to apply it twice does no harm.
      this.#place = { epoch, sequence: Math.max(sequence, this.#sequenceIn(epoch)) };
      for (const record of this.#meanwhile.splice(0)) this.#apply(record);
      this.#changedAll();
      await this.#loadRuns();
    } catch (error) {
      this.#failed(error);
    }
    this.draw();
  }

  #sequenceIn(epoch: string): number {
    return this.#place?.epoch === epoch ? this.#place.sequence : 0;
  }

  async #loadRuns(): Promise<void> {
    this.runs = await fetchRuns();
  }

  async #listAgain(): Promise<void> {
    await this.#loadRuns().catch((error: unknown) => this.#failed(error));
    this.draw();
  }

  #take(message: ServerMessage): void {
    if (message.type === "status") {
      const isNews = shownOf(message.status) !== shownOf(this.status);
      const { liveRun } = message.status;
      const isOther = liveRun !== undefined && liveRun !== this.status?.liveRun;
      const hasBegun = isOther && !this.runs.some(({ id }) => id === liveRun);
      const isReadableAgain =
        this.status?.storeProblem !== undefined && message.status.storeProblem === undefined;
      this.status = message.status;
      if (isReadableAgain) {
        // What could not be read is told no more; until now there was only what had come since.
        this.problem = undefined;
        void (this.table.id === "" ? this.#showFirst() : this.show(this.table.id));
      }
      this.#followLive();
      // So that it can be picked where another one is shown.
      if (hasBegun && !this.followsLive) void this.#listAgain();
      if (isNews) this.draw();
      else this.#drawing.later();
      return;
    }
    if (message.type === "records") {
      if (this.#loading !== undefined) this.#meanwhile.push(...message.records);
      for (const record of message.records) this.#apply(record);
      this.#place = { epoch: this.#place?.epoch ?? "", sequence: message.sequence };
    } else if (message.type === "gap" || this.#place?.epoch !== message.epoch) {
      // The agent is another one, or has forgotten what was missed.
      const isFirst = this.#place === undefined;
      this.#place = { epoch: message.epoch, sequence: message.sequence };
      if (!isFirst && this.table.id !== "") void this.#showAgain();
    }
    this.#drawing.soon();
  }

  /** Shows the run anew; one that the agent does not have, as it may keep its runs elsewhere now, stays as it is. */
  async #showAgain(): Promise<void> {
    try {
      await this.#loadRuns();
      if (this.runs.some(({ id }) => id === this.table.id)) await this.show(this.table.id);
    } catch (error) {
      this.#failed(error);
    }
    this.draw();
  }

  #apply(record: ResultRecord): void {
    const { session } = record;
    if (
      this.followsLive &&
      session !== undefined &&
      record.frame !== undefined &&
      session !== this.table.id
    ) {
      // The first record of another run: a snapshot has it, too.
      if (this.#loading === undefined) void this.show(session);
      return;
    }
    if (session !== undefined && session !== this.table.id) return;
    const site = this.table.apply(record);
    if (site !== undefined) this.changedSites.add(site);
    this.version++;
    const come = this.table.frames.length - this.#loadedFrames;
    if (come > NEW_FRAMES && this.#loading === undefined) void this.show(this.table.id);
  }

  #followLive(): void {
    const live = this.status?.liveRun;
    if (this.followsLive && live !== undefined && live !== this.table.id && this.#loading === undefined) {
      void this.show(live);
    }
  }

  #changedAll(): void {
    for (let site = 0; site < this.table.sites.length; site++) this.changedSites.add(site);
    this.version++;
  }

  #failed(error: unknown): void {
    this.problem = error instanceof Error ? error.message : String(error);
  }
}

/** What a status says that must be shown at once; its counts can wait. */
function shownOf(status: StatusView | undefined): string {
  return JSON.stringify({ ...status, nowMs: undefined, health: status?.health.state });
}
