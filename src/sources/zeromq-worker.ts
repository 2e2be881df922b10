/**
 * Worker thread that receives from controllers and sends to them.
 * @module
 */
import { systemClock } from "../protocol/clock.js";
import { serveCalls } from "../serve-calls.js";
import { ControllerSocket } from "./controller-socket.js";

const socket = new ControllerSocket(systemClock);

const functions = {
  bind: ({ address, maxFrameBytes }: { address: string; maxFrameBytes: number }) =>
    socket.bind(address, maxFrameBytes),
  arrivals: () => socket.arrivals(),
  send: ({ connection, text }: { connection: string; text: string }) => socket.send(connection, text),
  stop: () => socket.stop(),
};
serveCalls(functions, { givesWay: false });
