import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { agentStatus, type ImageJudge, sitesToReimage } from "./tools.js";

export interface McpParts {
  readonly version: string;
  readonly judge: ImageJudge;
  /** Where the agent's page is. */
  readonly agent: string;
  /** Results that are meant where a call names none. */
  readonly results: string;
}

/** Nothing is written and no microscope moved. */
const READ_ONLY = { readOnlyHint: true, destructiveHint: false, idempotentHint: true };

/** A server of the Model Context Protocol with Parfocal's read-only tools; connect it to a transport. */
export function createMcpServer({ version, judge, agent, results }: McpParts): McpServer {
  const server = new McpServer({ name: "parfocal", version });
  server.registerTool(
    "judge_image",
    {
      title: "Judge the focus of an image",
      description:
        "How far a microscope image (TIFF or PNG file on this machine) is out of focus: level 0 (in focus) to 10, certainty 0 to 1, condition (in-focus, defocused, mixed, blank, unusable) and why.",
      inputSchema: {
        path: z.string().min(1).describe("Path of the file"),
        page: z.number().int().min(0).default(0).describe("Page of a stack, from 0"),
      },
      annotations: READ_ONLY,
    },
    async ({ path, page }, { signal }) => answer(await judge.judge(path, page, signal)),
  );
  server.registerTool(
    "agent_status",
    {
      title: "Status of the running agent",
      description: `What the Parfocal agent at ${agent} says of itself: version, model, health, run in progress, thresholds.`,
      annotations: READ_ONLY,
    },
    async ({ signal }) => answer(await agentStatus(agent, signal)),
  );
  server.registerTool(
    "wells_to_reimage",
    {
      title: "Wells to image again",
      description:
        "The sites of a run that are out of focus, were not judged or not imaged, with well, channels, best known z and the reason.",
      inputSchema: {
        results: z
          .string()
          .min(1)
          .default(results)
          .describe("Folder that the agent wrote, or its results.jsonl"),
        session: z.string().optional().describe("Run in it; default: the last one"),
      },
      annotations: READ_ONLY,
    },
    async ({ results, session }, { signal }) => answer(await sitesToReimage(results, session, signal)),
  );
  return server;
}

function answer(value: object): CallToolResult {
  return { content: [{ type: "text", text: JSON.stringify(value, null, 2) }] };
}
