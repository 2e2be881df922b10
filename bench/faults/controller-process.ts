/** One steady controller as a process of its own: a line of JSON for each frame that ended. Arguments: address, session. */
import { SteadyController } from "./steady-controller.js";

const [address, session] = process.argv.slice(2) as [string, string];
await new SteadyController(address, session, (end) => {
  process.stdout.write(`${JSON.stringify(end)}\n`);
}).run();
