import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { Dealer } from "zeromq";
import { mutated } from "../../test/fuzz/mutation.js";
import { type Fault, milliseconds, type Target } from "./fault.js";
import { pause, SteadyController } from "./steady-controller.js";

const DAMAGED = 1000;
const CONTRACT = join(import.meta.dirname, "../../test/contract");
const EXAMPLES = readdirSync(CONTRACT)
  .filter((name) => name.endsWith(".json"))
  .map((name) => readFileSync(join(CONTRACT, name)));

/** What happens to controllers, between them and the agent, and by them. */
export const CONTROLLER_FAULTS: readonly Fault[] = [
  {
    name: "connection of a controller cut for a while",
    happen: async (target) => {
      target.proxy.cut();
      await pause(milliseconds(target, 200, 2000));
      target.proxy.mend();
    },
  },
  {
    name: "connection of a controller delayed",
    happen: async (target) => {
      target.proxy.delayMs = milliseconds(target, 50, 500);
      await pause(milliseconds(target, 500, 2000));
      target.proxy.delayMs = 0;
    },
  },
  {
    name: "controller stopped for a while (SIGSTOP)",
    happen: async (target) => {
      target.remote.signal("SIGSTOP");
      await pause(milliseconds(target, 500, 3000));
      target.remote.signal("SIGCONT");
    },
  },
  {
    name: "controller killed and started again",
    happen: async ({ remote }) => {
      await remote.stop();
      remote.start();
      await remote.running();
    },
  },
  { name: "a second controller with the ids of the first", happen: duplicate },
  { name: "controller sends 2000 frames and reads no answer", happen: readNothing },
  {
    name: "controller leaves with large frames on the way",
    happen: (target) => sendLarge(target, 2000, 12),
  },
  { name: "controller leaves while a frame of 8192 x 8192 px is scored", happen: leaveWhileScoring },
  { name: `${DAMAGED} malformed messages`, happen: sendDamaged },
];

async function duplicate(target: Target): Promise<void> {
  const { address, steady } = target;
  const second = new SteadyController(address, steady.session, () => undefined, steady.sequence);
  const running = second.run();
  await pause(milliseconds(target, 500, 2000));
  second.stop();
  await running;
}

/** Sends frames to be watched, from a controller that is gone before they are scored. */
export async function sendLarge({ address, random }: Target, side: number, count: number): Promise<void> {
  const socket = new Dealer({
    linger: 0,
    sendHighWaterMark: 100,
    heartbeatInterval: 20,
    heartbeatTimeout: 60_000,
  });
  socket.connect(address);
  const pixels = new Uint8Array(side * side).map((_, i) => (i * 31) % 250);
  await sendFrames(socket, `leaver${random.below(2 ** 31)}`, count, [side, side], pixels);
  await pause(100);
  socket.close();
}

/** Its small frames wait unread when it goes: with a receive mark and heartbeats, libzmq ends the process then. */
async function leaveWhileScoring(target: Target): Promise<void> {
  const side = 8192;
  const socket = new Dealer({ linger: 0 });
  socket.connect(target.address);
  const pixels = new Uint8Array(side * side).map((_, i) => (i * 31) % 250);
  await sendFrames(socket, `large${target.random.below(2 ** 31)}`, 1, [side, side], pixels);
  await pause(milliseconds(target, 100, 400));
  await sendLarge(target, 100, 12);
  for await (const [json] of socket) if (!String(json).includes('"heartbeat"')) break;
  socket.close();
}

async function readNothing(target: Target): Promise<void> {
  const socket = new Dealer({ linger: 0, sendHighWaterMark: 0, receiveHighWaterMark: 1 });
  socket.connect(target.address);
  const pixels = new Uint8Array(100 * 100);
  await sendFrames(socket, `deaf${target.random.below(2 ** 31)}`, 2000, [100, 100], pixels);
  await pause(milliseconds(target, 500, 1500));
  socket.close();
}

async function sendFrames(
  socket: Dealer,
  session: string,
  count: number,
  shape: readonly [number, number],
  pixels: Uint8Array,
): Promise<void> {
  for (let sequence = 0; sequence < count; sequence++) {
    const header = {
      ...{ v: 1, type: "frame", id: `${session}/${sequence}`, session, sequence, mode: "observe" },
      ...{ dtype: "uint8", shape, site: { name: "S" }, attempt: 0 },
    };
    await socket.send([JSON.stringify(header), pixels]);
  }
}

/** The example messages of the protocol, damaged in all ways, some with pixels of some length behind them. */
async function sendDamaged({ address, random }: Target): Promise<void> {
  const socket = new Dealer({ linger: 0, sendHighWaterMark: 2000 });
  socket.connect(address);
  const heads = fc.sample(mutated(EXAMPLES), { numRuns: DAMAGED, seed: random.below(2 ** 31) });
  for (const head of heads) {
    const others = Array.from({ length: random.below(3) }, () => Buffer.alloc(random.below(9000), 7));
    await socket.send([head, ...others]);
  }
  await pause(200);
  socket.close();
}
