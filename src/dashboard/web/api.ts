import type { RunEntry, RunSnapshot } from "../../runs/run-rows.js";
import {
  type ControlRequest,
  EPOCH_HEADER,
  type ErrorBody,
  type FrameDetail,
  NONCE_HEADER,
  type RunList,
  SEQUENCE_HEADER,
  SIGNATURE_HEADER,
  type StatusView,
  TIME_HEADER,
} from "../wire.js";

/** A run with the place in the live stream up to which it is complete. */
export interface PlacedSnapshot {
  readonly snapshot: RunSnapshot;
  readonly epoch: string;
  readonly sequence: number;
}

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

export async function fetchFrame(id: string, signal: AbortSignal): Promise<FrameDetail> {
  return (await (await get(framePath(id), signal)).json()) as FrameDetail;
}

/** Address of a frame's picture. */
export function previewPath(id: string): string {
  return `${framePath(id)}/preview.png`;
}

/** Asks for a change, signed with the token. */
export async function requestChange(request: ControlRequest, token: string): Promise<void> {
  const body = JSON.stringify(request);
  const [time, nonce] = [String(Date.now()), crypto.randomUUID()];
  const response = await fetch("api/control", {
    method: "POST",
    body,
    headers: {
      [SIGNATURE_HEADER]: await hmac(token, `${time}\n${nonce}\n${body}`),
      [NONCE_HEADER]: nonce,
      [TIME_HEADER]: time,
    },
  });
  if (!response.ok) throw new Error(await reasonOf(response));
}

function framePath(id: string): string {
  return `api/frames/${encodeURIComponent(id)}`;
}

async function reasonOf(response: Response): Promise<string> {
  try {
    return ((await response.json()) as ErrorBody).error;
  } catch {
    return `the server answered ${response.status}`;
  }
}

async function hmac(token: string, text: string): Promise<string> {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(token), algorithm, false, ["sign"]);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(text)));
  return [...signature].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
