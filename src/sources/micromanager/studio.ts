import { z } from "zod";
import type { CallOptions, MicroManagerConnection } from "./connection.js";
import { bool } from "./java-arguments.js";
import { type JavaObject, using } from "./java-object.js";
import { MicroManagerError } from "./micro-manager-error.js";

const STUDIO = "org.micromanager.Studio";

/** Micro-Manager's Studio: its acquisition and its autofocus. Throws JavaExceptionError or MicroManagerError. */
export class MicroManagerStudio {
  readonly #connection: MicroManagerConnection;

  constructor(connection: MicroManagerConnection) {
    this.#connection = connection;
  }

  /** Whether a multi-dimensional acquisition runs, paused or not. */
  async isAcquisitionRunning(): Promise<boolean> {
    return (await this.#acquisitions()).get(z.boolean(), "isAcquisitionRunning");
  }

  async isAcquisitionPaused(): Promise<boolean> {
    return (await this.#acquisitions()).get(z.boolean(), "isPaused");
  }

  /** Pauses the acquisition, which takes effect before its next image, or lets it go on. */
  async setAcquisitionPaused(isPaused: boolean): Promise<void> {
    await (await this.#acquisitions()).get(z.null(), "setPause", [bool(isPaused)]);
  }

  /**
   * Runs the autofocus method that is chosen in Micro-Manager.
   * @returns its name; undefined if none is chosen.
   */
  async fullFocus(options: CallOptions = {}): Promise<string | undefined> {
    const manager = await this.#part("getAutofocusManager");
    const method = await manager.object("getAutofocusMethod");
    if (method === undefined) return undefined;
    return using(method, async () => {
      const name = await method.get(z.string(), "getName");
      await method.get(z.number(), "fullFocus", [], options);
      return name;
    });
  }

  #acquisitions(): Promise<JavaObject> {
    return this.#part("acquisitions");
  }

  /** One of the managers that Studio hands out; they live as long as Studio. */
  #part(method: string): Promise<JavaObject> {
    return this.#connection.kept(`${STUDIO}.${method}`, async () => {
      const studio = await this.#connection.kept(STUDIO, () => this.#connection.construct(STUDIO));
      const part = await studio.object(method);
      if (part === undefined)
        throw new MicroManagerError(this.#connection.address, `${method} returned nothing`);
      return part;
    });
  }
}
