import { isParfocalError, reasonOf } from "../../errors.js";
import type { MicroManagerConnection } from "./connection.js";
import { MicroManagerCore } from "./core.js";
import { MicroManagerError } from "./micro-manager-error.js";
import { MicroManagerStudio } from "./studio.js";

/** After a pause, the image that is under way still ends: time for that beyond its exposure, ms. */
const UNDER_WAY_MS = 300;

/** What Micro-Manager does with the camera: nothing, live mode, an acquisition, or one that somebody paused. */
export type CameraUse = "none" | "live" | "acquisition" | "paused-acquisition";

export async function cameraUse(connection: MicroManagerConnection): Promise<CameraUse> {
  const studio = new MicroManagerStudio(connection);
  if (await studio.isAcquisitionRunning()) {
    return (await studio.isAcquisitionPaused()) ? "paused-acquisition" : "acquisition";
  }
  return (await new MicroManagerCore(connection).isSequenceRunning()) ? "live" : "none";
}

/**
 * Does something while Studio's acquisition is paused, then lets the acquisition go on, whatever became of it.
 * @throws what `work` throws; MicroManagerError if the acquisition could not be let go on.
 */
export async function whilePaused<T>(connection: MicroManagerConnection, work: () => Promise<T>): Promise<T> {
  const studio = new MicroManagerStudio(connection);
  let failure: unknown;
  try {
    await studio.setAcquisitionPaused(true);
    const exposureMs = await new MicroManagerCore(connection).exposureMs();
    await new Promise((resolve) => setTimeout(resolve, exposureMs + UNDER_WAY_MS));
    return await work();
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    await resume(connection, studio, failure);
  }
}

/** @param failure what went wrong before, to be told as well. */
async function resume(
  connection: MicroManagerConnection,
  studio: MicroManagerStudio,
  failure: unknown,
): Promise<void> {
  try {
    await studio.setAcquisitionPaused(false);
  } catch (error) {
    if (!isParfocalError(error)) throw error;
    // A connection that was given up says nothing about the next one.
    const other = connection.another();
    try {
      await other.start();
      await new MicroManagerStudio(other).setAcquisitionPaused(false);
    } catch (cause) {
      const reasons = [...(failure === undefined ? [] : [reasonOf(failure)]), reasonOf(cause)];
      const reason = `${reasons.join("; ")}; the acquisition may still be paused: check it`;
      throw new MicroManagerError(connection.address, reason, { cause });
    } finally {
      await other.stop();
    }
  }
}
