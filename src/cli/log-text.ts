import type { AgentConfig } from "../config/schema.js";
import { printable } from "./print.js";
import { goOnWithoutOutput } from "./standard-output.js";

export type LogFormat = AgentConfig["log"]["format"];

/** What the line `ready` says, as far as a person wants to know. */
interface Ready {
  readonly addresses: { readonly zeromq?: string; readonly dashboard?: string };
  readonly folder?: string;
  readonly results?: string;
}

/** Whether what is written there is for people to read: asked for, or because it is a terminal. */
export function isForPeople(format: LogFormat, output: { readonly isTTY?: boolean }): boolean {
  return format === "text" || (format === "auto" && output.isTTY === true);
}

/** What makes lines of the log readable. Their names and messages come from other programs, and do nothing to a terminal. */
export async function logText(): Promise<(json: string) => string> {
  const { prettyFactory } = await import("pino-pretty");
  const textOf = prettyFactory({
    ...{ colorize: false, singleLine: true, translateTime: "SYS:yyyy-mm-dd HH:MM:ss" },
    errorLikeObjectKeys: [],
  });
  return (json) => printable(textOf(json));
}

/** Prints the line `ready` for whoever started the program. @param title what people are told. */
export function printReady(json: string, format: LogFormat, title?: string): void {
  goOnWithoutOutput();
  process.stdout.write(readyLine(json, format, title));
}

/** The line `ready` as it is, or for people. @param title what they are told. */
export function readyLine(json: string, format: LogFormat, title = "Taking frames; Ctrl-C stops."): string {
  const isText = isForPeople(format, process.stdout);
  return `${isText ? printable(readyText(json, title)) : json}\n`;
}

function readyText(json: string, title: string): string {
  const { addresses, folder, results } = JSON.parse(json) as Ready;
  const lines = [
    ["controllers", addresses.zeromq],
    ["folder", folder],
    ["page", addresses.dashboard],
    ["results", results],
  ].flatMap(([name, place]) => (place === undefined ? [] : `  ${name!.padEnd(11)}  ${place}`));
  return [title, ...lines].join("\n");
}
