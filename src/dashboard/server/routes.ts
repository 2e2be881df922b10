import { RequestError } from "../../errors.js";
import { type Control, parseControlRequest } from "../control.js";
import type { FrameId } from "../previews/preview-folder.js";
import type { PreviewKeeper } from "../previews/preview-keeper.js";
import type { RunHistory } from "../run-history.js";
import { EPOCH_HEADER, type RunList, SEQUENCE_HEADER, type StatusView } from "../wire.js";
import type { ControlGuard } from "./control-guard.js";
import type { HttpAnswer, HttpRequest } from "./http-server.js";
import type { LiveStream } from "./live-stream.js";

const JSON_TYPE = "application/json";

/** Answers for whoever watches the agent from outside: /metrics, /livez, /readyz. */
export interface Probes {
  metrics(): Promise<HttpAnswer>;
  live(): HttpAnswer;
  ready(): HttpAnswer;
}

export interface RouteParts {
  readonly status: () => StatusView;
  readonly history: RunHistory;
  readonly previews: PreviewKeeper;
  readonly stream: LiveStream;
  readonly probes: Probes | undefined;
  /** Undefined where nothing may be changed. */
  readonly control: { readonly guard: ControlGuard; readonly does: Control } | undefined;
}

/** The answer to a request, or undefined where the address is none of these. */
export async function answer(
  path: readonly string[],
  request: HttpRequest,
  parts: RouteParts,
): Promise<HttpAnswer | undefined> {
  // Of api/runs/RUN/frames/ID/preview.png, names stand in the third and the fifth place.
  const place = path.map((segment, i) => (i === 2 || i === 4 ? "*" : segment)).join("/");
  const [, , runId = "", , frameId = ""] = path;
  if (place === "api/control") return control(request, parts);
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (!isRead) return undefined;
  switch (place) {
    case "api/status":
      return json(parts.status());
    case "api/runs":
      return json({ runs: await parts.history.listRuns() } satisfies RunList);
    case "api/runs/*":
      return run(runId, parts);
    case "api/runs/*/frames/*":
      return frame({ run: runId, id: frameId }, parts);
    case "api/runs/*/frames/*/preview.png":
      return picture({ run: runId, id: frameId }, parts);
    default:
      return parts.probes && answerProbe(place, parts.probes);
  }
}

/** The answer to a probe, or undefined where the address is none. */
export async function answerProbe(place: string, probes: Probes): Promise<HttpAnswer | undefined> {
  switch (place) {
    case "livez":
      return probes.live();
    case "readyz":
      return probes.ready();
    case "metrics":
      return probes.metrics();
    default:
      return undefined;
  }
}

async function run(id: string, { history, stream }: RouteParts): Promise<HttpAnswer> {
  // Taken first: a record that comes meanwhile is in the snapshot and in the stream, which does no harm.
  const headers = { [EPOCH_HEADER]: stream.epoch, [SEQUENCE_HEADER]: String(stream.sequence) };
  const body = await history.snapshot(id);
  if (body === undefined) {
    throw history.problem === undefined
      ? new RequestError(404, `there is no run ${id}`)
      : new RequestError(503, history.problem);
  }
  return { type: JSON_TYPE, body, headers };
}

async function frame(id: FrameId, { previews }: RouteParts): Promise<HttpAnswer> {
  const detail = await previews.detail(id);
  if (detail === undefined) throw new RequestError(404, "of this frame no picture was kept");
  return json(detail);
}

async function picture(id: FrameId, { previews }: RouteParts): Promise<HttpAnswer> {
  const png = await previews.picture(id);
  if (png === undefined) throw new RequestError(404, "of this frame no picture was kept");
  return { type: "image/png", body: png, headers: { "cache-control": "private, max-age=3600" } };
}

async function control(request: HttpRequest, { control, stream }: RouteParts): Promise<HttpAnswer> {
  if (request.method !== "POST") throw new RequestError(405, "changes are made with POST");
  if (control === undefined) {
    throw new RequestError(
      403,
      "control is off; start the agent with dashboard.control: true to allow changes",
    );
  }
  const refusal = control.guard.refusal(request.headers);
  if (refusal !== undefined) throw new RequestError(401, refusal);
  await control.does.apply(parseControlRequest(await request.body()));
  stream.sendStatus();
  return json({});
}

function json(value: unknown): HttpAnswer {
  return { type: JSON_TYPE, body: JSON.stringify(value) };
}
