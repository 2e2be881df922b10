import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";

/** ZeroMQ lets go of a socket a while after it was closed: longest wait for that, ms, and how often it is looked at. */
const LETTING_GO_MS = 500;
const LOOK_MS = 25;

/** Options of a ZeroMQ socket for an address: one of IPv6 has to be asked for. */
export function socketOptions(address: string): { ipv6?: true } {
  return address.startsWith("tcp://[") ? { ipv6: true } : {};
}

/**
 * Refuses a socket file that somebody listens at: ZeroMQ would put another in its place, and whoever has the first one would
 * wait at it for ever. A file that is left over is nobody's.
 * @throws an error of the code EADDRINUSE.
 */
export async function assertNobodyListens(address: string): Promise<void> {
  const path = /^ipc:\/\/(?<path>[^@].*)$/.exec(address)?.groups?.path;
  if (path === undefined || process.platform === "win32") return;
  for (let waitedMs = 0; waitedMs <= LETTING_GO_MS; waitedMs += LOOK_MS) {
    if (!(await isAnswered(path))) return;
    await setTimeout(LOOK_MS);
  }
  throw Object.assign(new Error("somebody listens there"), { code: "EADDRINUSE" });
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
