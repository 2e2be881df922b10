/**
 * Worker thread that receives from controllers and sends to them.
 * @module
 */
import { systemClock } from "../protocol/clock.js";
import { serveCalls } from "../serve-calls.js";
import { ControllerSocket } from "./controller-socket.js";

const socket = new ControllerSocket(systemClock);

const functions = {
  bind: ({ address, maxMessageBytes }: { address: string; maxMessageBytes: number }) =>
    socket.bind(address, maxMessageBytes),
  arrivals: () => socket.arrivals(),
  send: ({ connection, text }: { connection: string; text: string }) => socket.send(connection, text),
  stop: () => socket.stop(),
};
serveCalls(functions, { givesWay: false });
