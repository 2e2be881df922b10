import { reasonOf } from "../../errors.js";
import { MicroManagerConnection } from "../../sources/micromanager/connection.js";
import { type Finding, failed, ok } from "./check.js";

/** How long it may take to answer, ms. */
const ANSWER_MS = 3000;

/** Micro-Manager's own server. */
export async function checkMicroManager(port: number): Promise<readonly Finding[]> {
  const connection = new MicroManagerConnection({ port, timeoutMs: ANSWER_MS });
  try {
    await connection.start();
    return [ok("micro-manager", `its server answers at ${connection.address}`)];
  } catch (error) {
    const advice = "start Micro-Manager and tick Tools > Options > Run server on port";
    return [failed("micro-manager", reasonOf(error), advice)];
  } finally {
    await connection.stop();
  }
}
