import { once } from "node:events";
import { createServer } from "node:net";
import type { AgentConfig } from "../../config/schema.js";
import { reasonOf } from "../../errors.js";
import { errorCode } from "../../frames/file-reasons.js";
import { GateClient } from "../../microscope/gate-client.js";
import { type Check, type Finding, failed, ok } from "./check.js";

/** How long a running agent may take to answer, ms. */
const ANSWER_MS = 2000;

/** The ports: free, or taken by an agent that answers as a bridge needs it. */
export const checkPorts: Check = async (config) => {
  const wanted = portsOf(config);
  const taken = [];
  const findings: Finding[] = [];
  for (const port of wanted) {
    const problem = port.number === 0 ? undefined : await problemOf(port);
    if (problem === undefined) findings.push(ok(port.check, `${port.words} is free`));
    else if (errorCode(problem) === "EADDRINUSE") taken.push(port);
    else findings.push(unusable(port, problem));
  }
  if (taken.length === 0) return findings;
  const answers = await agentAnswers(config);
  for (const { check, words, setting } of taken) {
    findings.push(
      answers
        ? ok(check, `${words} is taken by a running agent, which answers`)
        : failed(
            check,
            `${words} is taken, and no agent answers`,
            `end the program that has it, or set ${setting}`,
          ),
    );
  }
  return findings;
};

interface Port {
  readonly check: string;
  readonly words: string;
  readonly host: string;
  readonly number: number;
  readonly setting: string;
}

function portsOf({ sources: { zeromq }, publish, dashboard }: AgentConfig): Port[] {
  const of = (check: string, address: string, setting: string): Port[] => {
    const groups = /^tcp:\/\/\[?(?<host>.*?)\]?:(?<port>\d+|\*)$/.exec(address)?.groups;
    if (groups === undefined) return [];
    const number = groups.port === "*" ? 0 : Number(groups.port);
    // As libzmq takes it.
    const host = groups.host === "localhost" ? "127.0.0.1" : groups.host!;
    return [{ check, words: `${address} (${check})`, host, number, setting }];
  };
  return [
    ...(zeromq.enabled ? of("frames", zeromq.address, "sources.zeromq.address") : []),
    ...(publish.enabled ? of("events", publish.address, "publish.address") : []),
    ...(dashboard.enabled ? of("page", `tcp://127.0.0.1:${dashboard.port}`, "dashboard.port") : []),
  ];
}

/** What the system has against listening there, if anything. */
async function problemOf({ host, number }: Port): Promise<unknown> {
  const server = createServer().listen(number, host);
  try {
    await once(server, "listening");
    return undefined;
  } catch (error) {
    return error;
  } finally {
    server.close();
  }
}

function unusable({ check, words, setting }: Port, problem: unknown): Finding {
  return failed(check, `${words} cannot be used: ${reasonOf(problem)}`, `set ${setting} to another one`);
}

/** Whether an agent welcomes a controller, as a bridge says hello. */
async function agentAnswers({ sources: { zeromq } }: AgentConfig): Promise<boolean> {
  if (!zeromq.enabled) return false;
  const client = new GateClient(zeromq.address, "parfocal-doctor");
  client.start();
  try {
    return await client.waitForAgent(ANSWER_MS);
  } finally {
    await client.stop();
  }
}
