import { once } from "node:events";
import { connect } from "node:net";

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
  const socket = connect(path);
  try {
    await once(socket, "connect");
  } catch {
    return;
  } finally {
    socket.destroy();
  }
  throw Object.assign(new Error("somebody listens there"), { code: "EADDRINUSE" });
}
