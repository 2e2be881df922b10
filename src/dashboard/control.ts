import { join } from "node:path";
import { z } from "zod";
import { RequestError } from "../errors.js";
import { PROTOCOL_VERSION } from "../protocol/common.js";
import {
  type Change,
  type ChangeMessage,
  type FrameMessage,
  MARKS,
  RuleValues,
} from "../protocol/messages.js";
import type { RefocusPolicy } from "../refocus/policy.js";
import { ruleValuesFor } from "../refocus/thresholds.js";
import { folderSession } from "../sources/file-header.js";
import { fileOfFrameAlone, type WatchedFolder } from "./frame-file.js";
import type { LabelSet } from "./label-set.js";
import { previewName } from "./previews/preview-folder.js";
import type { PreviewKeeper } from "./previews/preview-keeper.js";
import type { ControlRequest } from "./wire.js";

const Request = z.discriminatedUnion("what", [
  z.strictObject({ what: z.literal("gating"), on: z.boolean() }),
  z.strictObject({
    what: z.literal("rules"),
    channel: z.string().min(1).max(512).optional(),
    rules: RuleValues.strict(),
  }),
  z.strictObject({
    what: z.literal("label"),
    run: z.string().min(1),
    frameId: z.string().min(1),
    mark: z.enum(MARKS),
  }),
]);

/**
 * Reads the body of a request to change something.
 * @throws RequestError saying what is wrong with it.
 */
export function parseControlRequest(body: string): ControlRequest {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch (cause) {
    throw new RequestError(400, "the request is not JSON", { cause });
  }
  const result = Request.safeParse(json);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.join(".") || "request"}: ${message}`,
  );
  throw new RequestError(400, problems.join("; "));
}

export interface ControlParts {
  readonly policy: () => RefocusPolicy;
  /** Records what was changed. */
  note(change: ChangeMessage): void;
  /** Header of a frame of a run. */
  frame(run: string, frameId: string): Promise<FrameMessage | undefined>;
  readonly previews: PreviewKeeper;
  readonly labels: LabelSet;
  readonly watchedFolder?: WatchedFolder | undefined;
}

/** Does what a person asks for on the page, and records it. Whether they may ask is for the server to find out. */
export class Control {
  readonly #parts: ControlParts;

  constructor(parts: ControlParts) {
    this.#parts = parts;
  }

  /** @throws RequestError if it cannot be done. */
  async apply(request: ControlRequest): Promise<void> {
    if (request.what === "gating") this.#setGating(request.on);
    else if (request.what === "rules") this.#setRules(request.channel, request.rules);
    else await this.#label(request.run, request.frameId, request.mark);
  }

  #setGating(on: boolean): void {
    this.#parts.policy().change({ dryRun: !on });
    const message = on
      ? "Gating goes on: blurred sites are refocused"
      : "Gating is paused: frames are judged, nothing is refocused";
    this.#note({ what: "gating", on }, message);
  }

  #setRules(channel: string | undefined, after: RuleValues): void {
    const policy = this.#parts.policy();
    const { settings } = policy;
    const before = ruleValuesFor(settings, channel);
    if (channel === undefined) policy.change(after);
    else {
      const own = settings.channels[channel];
      policy.change({ channels: { ...settings.channels, [channel]: { ...own, ...after } } });
    }
    const words = (rules: RuleValues) => `level ${rules.maxLevel}, certainty ${rules.minCertainty}`;
    const change: Change = { what: "rules", ...(channel !== undefined && { channel }), before, after };
    this.#note(change, `Thresholds of ${channel ?? "all channels"}: ${words(before)} → ${words(after)}`);
  }

  async #label(run: string, frameId: string, mark: "fine" | "bad"): Promise<void> {
    const frame = await this.#parts.frame(run, frameId);
    if (frame === undefined) throw new RequestError(404, `run ${run} has no frame ${frameId}`);
    const image = await this.#imageOf(frame);
    if (image !== undefined) await this.#parts.labels.add(image, frame, mark);
    const { site, channel, timeIndex } = frame;
    const change: Change = {
      ...{ what: "label", site, frameId, mark },
      ...(channel !== undefined && { channel }),
      ...(timeIndex !== undefined && { timeIndex }),
      ...(image !== undefined && { image }),
    };
    const place = [site.plate, site.name, channel].filter(Boolean).join(" ");
    const kept = image === undefined ? "; its image is no longer held, so it is not in the label set" : "";
    this.#note(change, `${place} was marked as ${mark}${kept}`, run);
  }

  /** The file of a frame: the one that it came from, if it shows nothing else, or one that is saved now; undefined if it is gone. */
  async #imageOf(frame: FrameMessage): Promise<string | undefined> {
    const { previews, labels, watchedFolder } = this.#parts;
    const { id, session } = frame;
    if (watchedFolder !== undefined && session === folderSession(watchedFolder.path)) {
      const file = await fileOfFrameAlone(watchedFolder, frame);
      if (file !== undefined) return file;
    }
    const frameId = { run: session, id };
    const image = join(labels.folder, `${previewName(frameId)}.tif`);
    return (await previews.save(frameId, image)) ? image : undefined;
  }

  #note(change: Change, message: string, session?: string): void {
    const by = "dashboard";
    const at = session === undefined ? {} : { session };
    this.#parts.note({ v: PROTOCOL_VERSION, type: "change", ...at, by, change, message });
  }
}
