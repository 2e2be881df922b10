import { once } from "node:events";
import type { CommandModule, InferredOptionTypes, Options } from "yargs";
import { packageVersion } from "./package-version.js";
import { print } from "./print.js";
import { scorerOf, scorerOptions } from "./scorer-options.js";

const options = {
  agent: {
    type: "string",
    default: "http://127.0.0.1:5612",
    describe: "Address of the running agent's page",
  },
  results: {
    type: "string",
    default: "parfocal-results",
    describe: "Results that are meant where a question names none",
  },
  ...scorerOptions,
} as const satisfies Record<string, Options>;

/** `parfocal mcp`. */
export const mcpCommand: CommandModule<unknown, InferredOptionTypes<typeof options>> = {
  command: "mcp",
  describe:
    "Serve read-only tools to an assistant over the Model Context Protocol (standard input and output)",
  builder: (yargs) => yargs.options(options),
  handler: async (argv) => {
    const { StdioServerTransport } = await import("@modelcontextprotocol/sdk/server/stdio.js");
    const { createMcpServer } = await import("../mcp/server.js");
    const { ImageJudge } = await import("../mcp/tools.js");
    const judge = new ImageJudge(scorerOf(argv));
    const server = createMcpServer({
      version: packageVersion(),
      judge,
      agent: argv.agent,
      results: argv.results,
    });
    // The client goes by closing our input, which the transport does not tell.
    const gone = once(process.stdin, "close");
    server.server.onerror = answerBroken;
    await server.connect(new StdioServerTransport());
    await gone;
    await server.close();
    await judge.dispose();
  },
};

/** Tells a client that waits of a line that is no message; the transport keeps it to itself. */
function answerBroken(error: Error): void {
  const isBadJson = error instanceof SyntaxError;
  if (!isBadJson && error.name !== "ZodError") return;
  const [code, message] = isBadJson ? [-32700, "Parse error"] : [-32600, "Invalid Request"];
  print(`${JSON.stringify({ jsonrpc: "2.0", id: null, error: { code, message } })}\n`);
}
