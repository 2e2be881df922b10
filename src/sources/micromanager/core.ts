import { z } from "zod";
import type { CallOptions, MicroManagerConnection } from "./connection.js";
import { double, type JavaArgument, text } from "./java-arguments.js";
import { JavaObject, using } from "./java-object.js";
import { MicroManagerError } from "./micro-manager-error.js";
import { readTaggedImage, type TaggedFrame } from "./tagged-image.js";

const CORE = "mmcorej.CMMCore";

/** Micro-Manager's core: camera, focus drive, stage. Every method throws JavaExceptionError or MicroManagerError. */
export class MicroManagerCore {
  readonly #connection: MicroManagerConnection;

  constructor(connection: MicroManagerConnection) {
    this.#connection = connection;
  }

  /** Takes one image with the present settings. Micro-Manager refuses in live mode. */
  async snap(signal?: AbortSignal): Promise<TaggedFrame> {
    await this.#call("snapImage", [], { takesMs: await this.exposureMs({ signal }), signal });
    const core = await this.#core();
    const image = await core.get(z.instanceof(JavaObject), "getTaggedImage", [], { signal });
    return using(image, () => readTaggedImage(image, this.#connection.address, signal));
  }

  exposureMs(options: CallOptions = {}): Promise<number> {
    return this.#number("getExposure", [], options);
  }

  setExposureMs(exposureMs: number): Promise<void> {
    return this.#call("setExposure", [double(exposureMs)]);
  }

  /** Side of a pixel in the sample, um; undefined where Micro-Manager is not calibrated. */
  async pixelUm(): Promise<number | undefined> {
    const pixelUm = await this.#number("getPixelSizeUm");
    return pixelUm > 0 ? pixelUm : undefined;
  }

  /** Whether live mode or a camera sequence has the camera. */
  isSequenceRunning(): Promise<boolean> {
    return this.#boolean("isSequenceRunning");
  }

  /** Label of the focus drive. */
  async focusDevice(): Promise<string> {
    const label = await this.#get(z.string(), "getFocusDevice");
    if (label !== "") return label;
    throw new MicroManagerError(this.#connection.address, "there is no focus drive (Core-Focus is empty)");
  }

  /** Where the focus drive is, um. */
  async zUm(): Promise<number> {
    return this.#number("getPosition", [text(await this.focusDevice())]);
  }

  /** Sends the focus drive to a position, um, and waits for it. */
  async moveToZ(zUm: number): Promise<void> {
    const device = text(await this.focusDevice());
    await this.#call("setPosition", [device, double(zUm)]);
    await this.#call("waitForDevice", [device]);
  }

  /** Position of the XY stage, um; undefined if there is none. */
  async xyUm(): Promise<{ xUm: number; yUm: number } | undefined> {
    const label = await this.#get(z.string(), "getXYStageDevice");
    if (label === "") return undefined;
    const device = [text(label)];
    return {
      xUm: await this.#number("getXPosition", device),
      yUm: await this.#number("getYPosition", device),
    };
  }

  /** Whether a hardware focus lock is on: the focus drive is its then. */
  isContinuousFocusEnabled(): Promise<boolean> {
    return this.#boolean("isContinuousFocusEnabled");
  }

  /** Runs the hardware autofocus. */
  fullFocus(options: CallOptions = {}): Promise<void> {
    return this.#call("fullFocus", [], options);
  }

  /** Calls any other method. */
  async call(
    method: string,
    args: readonly JavaArgument[] = [],
    options: CallOptions = {},
  ): Promise<unknown> {
    return (await this.#core()).call(method, args, options);
  }

  async #call(method: string, args: readonly JavaArgument[] = [], options: CallOptions = {}): Promise<void> {
    await (await this.#core()).get(z.null(), method, args, options);
  }

  #number(method: string, args: readonly JavaArgument[] = [], options: CallOptions = {}): Promise<number> {
    return this.#get(z.number(), method, args, options);
  }

  #boolean(method: string): Promise<boolean> {
    return this.#get(z.boolean(), method);
  }

  async #get<T>(
    schema: z.ZodType<T>,
    method: string,
    args: readonly JavaArgument[] = [],
    options: CallOptions = {},
  ): Promise<T> {
    return (await this.#core()).get(schema, method, args, options);
  }

  #core(): Promise<JavaObject> {
    return this.#connection.kept(CORE, () => this.#connection.construct(CORE));
  }
}
