/**
 * Controllers for a long run, each with a connection of its own. They count every answer: a frame gets one, never two.
 * @module
 */
import { setTimeout } from "node:timers/promises";
import { Dealer } from "zeromq";
import { formatWell } from "../../src/frames/wells.js";
import { encodeFrame, type Pixels } from "../../src/protocol/codec.js";
import type { FrameMessage, VerdictMessage } from "../../src/protocol/messages.js";

/** A frame is given up after this time, ms; the controllers of a soak would rather wait. */
export const DEADLINE_MS = 60_000;
const [ROWS, COLUMNS, SITES, TIME_POINTS] = [16, 24, 4, 4];
const CHANNELS = ["DAPI", "GFP"];

/** Pixels that are sent again and again, and their size. */
export interface Picture {
  readonly sidePx: number;
  readonly pixels: Pixels;
}

/** What a controller gets to see at its next site. */
export type Scene = (frame: number) => { readonly first: Picture; readonly refocused: Picture };

type Place = Pick<FrameMessage, "site" | "channel" | "timeIndex">;
type Answer = Pick<VerdictMessage, "type" | "acquireAgain"> & { readonly action?: VerdictMessage["action"] };

/** Has so many frames of one session judged, one after the other or a few at a time, and counts what comes back. */
export class SoakController {
  readonly session: string;
  sent = 0;
  answered = 0;
  /** Answers to frames that had one, or that were never sent. */
  tooMany = 0;
  readonly types = new Map<string, number>();
  readonly #scene: Scene;
  readonly #socket = new Dealer({ linger: 0 });
  readonly #open = new Map<string, { readonly sentMs: number; readonly take: (answer: Answer) => void }>();
  #latenciesMs: number[] = [];

  constructor(address: string, session: string, scene: Scene) {
    this.session = session;
    this.#scene = scene;
    this.#socket.connect(address);
    void this.#receive();
  }

  /** Frames that have had no answer. */
  get missing(): number {
    return this.#open.size;
  }

  /** Times from a frame to its answer since the last call, ms. */
  takeLatencies(): number[] {
    const taken = this.#latenciesMs;
    this.#latenciesMs = [];
    return taken;
  }

  /** Sends frames that are only watched as fast as answers come, so many in flight. @param isOver asked before each. */
  async watch(inFlight: number, isOver: () => boolean): Promise<void> {
    const lane = async () => {
      while (!isOver()) {
        const { first } = this.#scene(this.sent);
        await this.#ask(first, { mode: "observe", ...placeOf(this.sent) });
      }
    };
    await Promise.all(Array.from({ length: inFlight }, lane));
  }

  /** Gates one site after the other, and moves the focus drive as it is told. */
  async gate(isOver: () => boolean): Promise<void> {
    for (let site = 0; !isOver(); site++) {
      const { first, refocused } = this.#scene(site);
      let [zUm, isAgain] = [0, true];
      for (let attempt = 0; isAgain && !isOver(); attempt++) {
        const z = { attempt, zUm, plannedZUm: 0, zLimitsUm: [-100, 100] as [number, number] };
        const picture = attempt === 0 ? first : refocused;
        const { acquireAgain, action } = await this.#ask(picture, { mode: "gate", ...placeOf(site), ...z });
        isAgain = acquireAgain === true;
        if (action?.kind === "move-z") zUm += action.byUm;
      }
    }
  }

  /** Waits for answers that are still to come, and whether there are any too many; then leaves. */
  async stop(waitMs: number): Promise<void> {
    const untilMs = performance.now() + waitMs;
    while (this.missing > 0 && performance.now() < untilMs) await setTimeout(50);
    await setTimeout(500);
    this.#socket.close();
  }

  async #ask(
    { sidePx, pixels }: Picture,
    fields: Place & Pick<FrameMessage, "mode"> & Partial<FrameMessage>,
  ): Promise<Answer> {
    const sequence = this.sent++;
    const { session } = this;
    const id = `${session}/${sequence}`;
    const header: FrameMessage = {
      ...{ v: 1, type: "frame", id, session, sequence, deadlineMs: DEADLINE_MS, attempt: 0 },
      ...{ dtype: "uint16", shape: [sidePx, sidePx], ...fields },
    };
    const answer = new Promise<Answer>((take) => {
      this.#open.set(id, { sentMs: performance.now(), take });
    });
    const [head, body] = encodeFrame(header, pixels);
    await this.#socket.send([head, Buffer.from(body.buffer, body.byteOffset, body.byteLength)]);
    return answer;
  }

  async #receive(): Promise<void> {
    for await (const [json] of this.#socket) {
      const answer = JSON.parse(String(json)) as Answer & { readonly id?: string; readonly type: string };
      if (answer.id === undefined) continue;
      const { type, id } = answer;
      if (type !== "verdict" && type !== "drop" && type !== "error") continue;
      const open = this.#open.get(id);
      this.#open.delete(id);
      if (open === undefined) {
        this.tooMany++;
        continue;
      }
      this.answered++;
      this.types.set(type, (this.types.get(type) ?? 0) + 1);
      this.#latenciesMs.push(performance.now() - open.sentMs);
      open.take(answer);
    }
  }
}

/** Sites never end: time point by time point, then the next plate. */
function placeOf(number: number): Place {
  const channel = CHANNELS[number % CHANNELS.length]!;
  const field = Math.floor(number / CHANNELS.length);
  const index = field % SITES;
  const well = Math.floor(field / SITES) % (ROWS * COLUMNS);
  const round = Math.floor(field / (SITES * ROWS * COLUMNS));
  const [row, column] = [Math.floor(well / COLUMNS), well % COLUMNS];
  const name = formatWell(row, column);
  const plate = `plate ${Math.floor(round / TIME_POINTS)}`;
  const site = { name: `${name}-${index}`, plate, well: name, index, row, column };
  return { channel, timeIndex: round % TIME_POINTS, site };
}
