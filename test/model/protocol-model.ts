import type { DropReason } from "../../src/protocol/messages.js";
import { type Order, SiteVisit, type VisitLimits } from "../../src/protocol/site-visit.js";
import type { Model, Step } from "./explore.js";

/** From a frame's arrival the agent has so many ticks, and its controller waits so many more. */
export const DEADLINE = 2;
export const PATIENCE = 1;
/** Where the drive may go; a site begins at 0. */
export const LIMITS = [-1, 1] as const;

/** What may go wrong, how often each. */
export interface Faults {
  readonly losses: number;
  readonly copies: number;
  readonly crashes: number;
}

/** A part that is left out on purpose, to see that it is missed. */
export type Flaw =
  | "the controller has no deadline of its own"
  | "the agent has no deadline"
  | "answers leave before they are recorded"
  | "repeats of a frame are forgotten"
  | "the controller obeys every move";

export interface Setting {
  /** Session of each controller; equal ones are two programs with the same ids. */
  readonly sessions: readonly string[];
  readonly sites: number;
  readonly mostFrames: number;
  readonly faults: Faults;
  /** What the agent may say; all of `ORDERS` unless told otherwise. */
  readonly orders?: readonly string[];
  /** Whether the disk may take its time; otherwise a line is written as soon as a frame has come to its end. */
  readonly isDiskSlow: boolean;
  readonly flaw?: Flaw;
}

/** What the agent may say to a frame taken at z in this attempt, sensible or not. */
export const ORDERS: Readonly<Record<string, (z: number, attempt: number) => Order>> = {
  accept: (_, attempt) => ({ acquireAgain: false, keepAttempt: attempt }),
  up: (_, attempt) => ({ acquireAgain: true, keepAttempt: attempt, action: { kind: "move-z", byUm: 1 } }),
  down: () => ({ acquireAgain: true, keepAttempt: 0, action: { kind: "move-z", byUm: -1 } }),
  far: (_, attempt) => ({ acquireAgain: true, keepAttempt: attempt, action: { kind: "move-z", byUm: 5 } }),
  again: (_, attempt) => ({ acquireAgain: true, keepAttempt: attempt, action: { kind: "reacquire" } }),
  home: (z) => ({ acquireAgain: false, keepAttempt: 0, action: { kind: "move-z", byUm: z === 0 ? 0 : -z } }),
};

type Answer =
  | readonly [kind: "verdict", order: string, z: number, attempt: number]
  | readonly [kind: DropReason];

/** What a controller knows of a frame that it has taken: where, and what it was told. */
type Taken = readonly [z: number, answer: Answer | null];

interface Controller {
  site: number;
  z: number;
  taken: Taken[];
  /** Ticks since it asked; undefined while it does not wait. */
  waits: number | null;
  /** How each site ended: where the drive is, the attempt to keep and its z, why the controller gave up. */
  ended: (readonly [z: number, keep: number, keptZ: number, why: string])[];
}

interface Open {
  readonly id: string;
  readonly z: number;
  age: number;
  isSettled: boolean;
}

interface Agent {
  queue: Open[];
  work: Open | null;
  /** Connections that wait for the answer to a frame. */
  waiting: Record<string, number[]>;
  answered: Record<string, Answer>;
  /** Lines in the order in which they are written, and answers that leave once theirs is; none follows a late verdict. */
  leaving: { readonly id: string; readonly answer: Answer | null; isWritten: boolean }[];
}

type Message =
  | readonly [to: "agent", from: number, id: string, z: number]
  | readonly [to: "controller", number: number, id: string, answer: Answer];

export interface State {
  controllers: Controller[];
  /** `null` while there is none, "gone" if none will come back. */
  agent: Agent | null | "gone";
  /** What survives the agent: lines of results.jsonl, in their order. */
  records: (readonly [id: string, end: string])[];
  /** Messages on the way, in no order. */
  net: Message[];
  /** Frames that have reached an agent that still lives, less the answers given, by connection. */
  owed: number[];
  left: { losses: number; copies: number; crashes: number };
}

const NEW_AGENT: Agent = { queue: [], work: null, waiting: {}, answered: {}, leaving: [] };

/** The conversation of controllers that gate their frames, one agent, and what lies between. */
export function protocolModel(
  setting: Setting,
  countedWrong: (records: State["records"]) => string | undefined,
): Model<State> {
  const { sessions, sites, mostFrames, faults, flaw, isDiskSlow } = setting;
  const orders = setting.orders ?? Object.keys(ORDERS);
  const limits: VisitLimits = { rangeUm: LIMITS, mostFrames };
  const initial: State = {
    controllers: sessions.map(() => ({ site: 0, z: 0, taken: [], waits: null, ended: [] })),
    ...{ agent: NEW_AGENT, records: [], net: [], owed: sessions.map(() => 0), left: { ...faults } },
  };

  function next(state: State): Step<State>[] {
    const steps: Step<State>[] = [];
    const step = (does: string, change: (to: State) => void) => {
      const to = structuredCopy(state);
      change(to);
      to.net = sorted(to.net);
      steps.push({ does, to });
    };
    for (const [c, controller] of state.controllers.entries()) {
      if (controller.site >= sites) continue;
      if (controller.waits === null) {
        step(`ask ${c}`, (to) => ask(to, c));
        // It knows that nobody is there, so it does not wait.
        if (!isUp(state.agent)) step(`skip ${c}`, (to) => take(to, c, null));
      } else if (controller.waits >= DEADLINE + PATIENCE && hasDeadline) {
        step(`give up ${c}`, (to) => take(to, c, null));
      }
    }
    for (const [index, message] of state.net.entries()) {
      const name = message.slice(0, 3).join(" ");
      step(`deliver ${name}`, (to) => {
        to.net.splice(index, 1);
        if (message[0] === "agent") arrive(to, message[1], message[2], message[3]);
        else hear(to, message[1], message[2], message[3]);
      });
      if (state.left.losses > 0) {
        step(`lose ${name}`, (to) => {
          to.left.losses--;
          to.net.splice(index, 1);
        });
      }
      if (state.left.copies > 0) {
        step(`copy ${name}`, (to) => {
          to.left.copies--;
          to.net.push(message);
        });
      }
    }
    if (isUp(state.agent)) agentSteps(state, state.agent, step);
    else if (state.agent === null) step("restart", start);
    if (mayTick(state)) step("tick", tick);
    return steps;
  }

  const hasDeadline = flaw !== "the controller has no deadline of its own";

  function agentSteps(
    state: State,
    { work, leaving }: Agent,
    step: (does: string, change: (to: State) => void) => void,
  ) {
    if (work !== null) {
      for (const order of work.isSettled ? ["accept"] : orders) {
        step(`score ${work.id} ${order}`, (to) => score(to, order));
      }
    }
    const unwritten = leaving.findIndex(({ isWritten }) => !isWritten);
    if (unwritten >= 0) step(`write ${leaving[unwritten]!.id}`, (to) => write(to, unwritten));
    for (const [index, { id, isWritten, answer: told }] of leaving.entries()) {
      if (told === null) continue;
      if (isWritten || flaw === "answers leave before they are recorded")
        step(`answer ${id}`, (to) => answer(to, index));
    }
    if (state.left.crashes > 0) {
      for (const isForGood of [false, true]) {
        step(isForGood ? "die" : "crash", (to) => {
          to.left.crashes--;
          to.agent = isForGood ? "gone" : null;
          to.owed = sessions.map(() => 0);
          // What was on its way to it is lost with its connections.
          to.net = to.net.filter(([whom]) => whom === "controller");
        });
      }
    }
  }

  function start(to: State): void {
    to.agent = structuredCopy(NEW_AGENT);
  }

  function ask(to: State, c: number): void {
    const controller = to.controllers[c]!;
    controller.waits = 0;
    to.net.push(["agent", c, idOf(sessions[c]!, controller), controller.z]);
  }

  function hear(to: State, c: number, id: string, answer: Answer): void {
    const controller = to.controllers[c]!;
    if (controller.waits !== null && id === idOf(sessions[c]!, controller)) take(to, c, answer);
  }

  /** The controller's own rules, from the first frame of the site to this one. */
  function take(to: State, c: number, answer: Answer | null): void {
    const controller = to.controllers[c]!;
    controller.waits = null;
    controller.taken.push([controller.z, answer]);
    const visit = new SiteVisit(
      flaw === "the controller obeys every move" ? { rangeUm: [-9, 9], mostFrames } : limits,
    );
    const steps = controller.taken.map(([z, told]) => visit.take(z, orderOf(told)));
    const { stopsUm, again } = steps.at(-1)!;
    controller.z = stopsUm.at(-1) ?? controller.z;
    if (again) return;
    controller.ended.push([controller.z, visit.keepAttempt, visit.bestZUm!, visit.refusal?.why ?? ""]);
    controller.taken = [];
    controller.site++;
    // The plan's z for the next site.
    if (controller.site < sites) controller.z = 0;
  }

  function arrive(to: State, c: number, id: string, z: number): void {
    const agent = to.agent;
    if (!isUp(agent)) return;
    to.owed[c]!++;
    const known = agent.answered[id];
    if (known !== undefined) {
      say(to, c, id, known);
      return;
    }
    const waiting = agent.waiting[id];
    if (waiting !== undefined) {
      if (flaw !== "repeats of a frame are forgotten") waiting.push(c);
      return;
    }
    agent.waiting[id] = [c];
    const session = id.split("/")[0]!;
    const open = { id, z, age: 0, isSettled: false };
    const stale = agent.queue.findIndex((other) => other.id.startsWith(`${session}/`));
    if (agent.work === null) agent.work = open;
    else {
      if (stale >= 0) end(to, agent.queue.splice(stale, 1)[0]!, ["superseded"]);
      agent.queue.push(open);
    }
  }

  function score(to: State, order: string): void {
    const agent = to.agent as Agent;
    const work = agent.work!;
    agent.work = agent.queue.shift() ?? null;
    if (work.isSettled) line(to, work.id, null);
    else end(to, work, ["verdict", order, work.z, Number(work.id.split("/")[2])]);
  }

  function end(to: State, open: Open, how: Answer): void {
    open.isSettled = true;
    line(to, open.id, how);
  }

  function line(to: State, id: string, told: Answer | null): void {
    const index = (to.agent as Agent).leaving.push({ id, answer: told, isWritten: false }) - 1;
    if (isDiskSlow) return;
    write(to, index);
    if (told !== null) answer(to, index);
  }

  function write(to: State, index: number): void {
    const { leaving } = to.agent as Agent;
    const entry = leaving[index]!;
    entry.isWritten = true;
    to.records.push([entry.id, entry.answer === null ? "late" : entry.answer[0]]);
    if (entry.answer === null) leaving.splice(index, 1);
  }

  function answer(to: State, index: number): void {
    const agent = to.agent as Agent;
    const [{ id, answer: told }] = agent.leaving.splice(index, 1) as [Agent["leaving"][number]];
    if (told![0] === "verdict") agent.answered[id] = told!;
    for (const c of agent.waiting[id] ?? []) say(to, c, id, told!);
    delete agent.waiting[id];
  }

  function say(to: State, c: number, id: string, told: Answer): void {
    to.owed[c]!--;
    to.net.push(["controller", c, id, told]);
  }

  /** Time passes only where somebody waits for it, and not before what is due has happened. */
  function mayTick({ controllers, agent }: State): boolean {
    const waits = controllers.flatMap(({ waits }) => (waits === null ? [] : [waits]));
    const last = DEADLINE + PATIENCE;
    if (waits.some((ticks) => (hasDeadline ? ticks >= last : ticks > last))) return false;
    const open = isUp(agent) ? openFrames(agent).filter(({ age }) => age <= DEADLINE) : [];
    return waits.length > 0 || open.length > 0;
  }

  function tick(to: State): void {
    for (const controller of to.controllers) if (controller.waits !== null) controller.waits++;
    if (!isUp(to.agent)) return;
    for (const open of openFrames(to.agent)) {
      open.age++;
      if (open.age < DEADLINE || flaw === "the agent has no deadline") continue;
      to.agent.queue = to.agent.queue.filter((other) => other !== open);
      end(to, open, ["deadline"]);
    }
  }

  function wrong(state: State, isLast: boolean): string | undefined {
    const { controllers, agent, net, records, owed } = state;
    const recorded = new Set(records.flatMap(([id, how]) => (how === "verdict" ? [id] : [])));
    for (const [c, { waits, ended }] of controllers.entries()) {
      if (waits !== null && waits > DEADLINE + PATIENCE)
        return `controller ${c} waits beyond deadline and patience`;
      for (const [z, , keptZ, why] of ended) {
        if (z < LIMITS[0] || z > LIMITS[1]) return `a site ended at z ${z}, outside the limits`;
        if (why !== "" && z !== keptZ) return `a site ended at z ${z}, and its best frame is from ${keptZ}`;
      }
    }
    for (const message of net) {
      if (message[0] === "controller" && message[3][0] === "verdict" && !recorded.has(message[2])) {
        return `${message[2]} was answered and is not on record`;
      }
    }
    if (isUp(agent) && openFrames(agent).some(({ age }) => age > DEADLINE))
      return "a frame has no answer at its deadline";
    if (owed.some((count) => count < 0)) return "a frame was answered more often than it came";
    if (!isLast) return undefined;
    if (controllers.some(({ site }) => site < sites)) return "deadlock: a controller cannot go on";
    if (owed.some((count) => count > 0)) return "a frame was never answered";
    return countedWrong(records);
  }

  return { initial, next, wrong };
}

function orderOf(answer: Answer | null): Order | undefined {
  if (answer === null || answer[0] !== "verdict") return undefined;
  const [, order, z, attempt] = answer;
  return ORDERS[order]!(z, attempt);
}

/** Those that still wait for their end. */
function openFrames({ queue, work }: Agent): Open[] {
  return [...queue, ...(work === null ? [] : [work])].filter(({ isSettled }) => !isSettled);
}

function isUp(agent: State["agent"]): agent is Agent {
  return agent !== null && agent !== "gone";
}

function idOf(session: string, { site, taken }: Controller): string {
  return `${session}/${site}/${taken.length}`;
}

function structuredCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function sorted(net: Message[]): Message[] {
  return net.length < 2
    ? net
    : net
        .map((message) => [JSON.stringify(message), message] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, message]) => message);
}
