import { once } from "node:events";
import { createServer } from "node:net";
import type { AgentConfig } from "../../config/schema.js";
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
    if (port.number === 0 || (await isFree(port.number)))
      findings.push(ok(port.check, `${port.words} is free`));
    else taken.push(port);
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
  readonly number: number;
  readonly setting: string;
}

function portsOf({ sources: { zeromq }, publish, dashboard }: AgentConfig): Port[] {
  const of = (check: string, address: string, setting: string): Port[] => {
    const match = /^tcp:\/\/.*:(\d+|\*)$/.exec(address);
    if (match === null) return [];
    return [
      { check, words: `${address} (${check})`, number: match[1] === "*" ? 0 : Number(match[1]), setting },
    ];
  };
  return [
    ...(zeromq.enabled ? of("frames", zeromq.address, "sources.zeromq.address") : []),
    ...(publish.enabled ? of("events", publish.address, "publish.address") : []),
    ...(dashboard.enabled ? of("page", `tcp://127.0.0.1:${dashboard.port}`, "dashboard.port") : []),
  ];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
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
