import type { RunEntry, RunSnapshot } from "../../runs/run-snapshot.js";
import {
  type ControlRequest,
  EPOCH_HEADER,
  type ErrorBody,
  type FrameDetail,
  type RunList,
  SEQUENCE_HEADER,
  type StatusView,
} from "../wire.js";

/** A run with the place in the live stream up to which it is complete. */
export interface PlacedSnapshot {
  readonly snapshot: RunSnapshot;
  readonly epoch: string;
  readonly sequence: number;
}

/** The server does not know the token. */
export class TokenRefusal extends Error {}

/** Asks the server; a refusal is thrown as an Error with the server's own words. */
async function get(path: string, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(path, signal === undefined ? {} : { signal });
  if (!response.ok) throw new Error(await reasonOf(response));
  return response;
}

export async function fetchStatus(): Promise<StatusView> {
  return (await (await get("api/status")).json()) as StatusView;
}

export async function fetchRuns(): Promise<readonly RunEntry[]> {
  return ((await (await get("api/runs")).json()) as RunList).runs;
}

export async function fetchRun(id: string): Promise<PlacedSnapshot> {
  const response = await get(`api/runs/${encodeURIComponent(id)}`);
  return {
    snapshot: (await response.json()) as RunSnapshot,
    epoch: response.headers.get(EPOCH_HEADER) ?? "",
    sequence: Number(response.headers.get(SEQUENCE_HEADER)),
  };
}

export async function fetchFrame(run: string, id: string, signal: AbortSignal): Promise<FrameDetail> {
  return (await (await get(framePath(run, id), signal)).json()) as FrameDetail;
}

/** Address of a frame's picture. */
export function previewPath(run: string, id: string): string {
  return `${framePath(run, id)}/preview.png`;
}

/**
 * Asks for a change.
 * @throws TokenRefusal, Error with the server's own words.
 */
export async function requestChange(request: ControlRequest, token: string): Promise<void> {
  const response = await fetch("api/control", {
    method: "POST",
    body: JSON.stringify(request),
    headers: { authorization: `Bearer ${token}` },
  });
  if (response.status === 401) throw new TokenRefusal(await reasonOf(response));
  if (!response.ok) throw new Error(await reasonOf(response));
}

function framePath(run: string, id: string): string {
  return `api/runs/${encodeURIComponent(run)}/frames/${encodeURIComponent(id)}`;
}

async function reasonOf(response: Response): Promise<string> {
  try {
    return ((await response.json()) as ErrorBody).error;
  } catch {
    return `the server answered ${response.status}`;
  }
}
