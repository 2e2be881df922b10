import { useEffect, useRef, useState } from "preact/hooks";
import type { FrameDetail } from "../wire.js";
import { fetchFrame } from "./api.js";

/** The picture of a frame is made a moment after its verdict: how often and how long it is asked for again. */
const TRIES = 4;
const FIRST_TRY_MS = 60;
const RETRY_MS = 400;

export interface LoadedFrame {
  /** What was kept of the frame, or in words why there is nothing; undefined while it loads. */
  readonly detail: FrameDetail | string | undefined;
  /** Of the frame that was shown last: the next one takes the same room while it loads, so that nothing jumps. */
  readonly lastSize: Pick<FrameDetail, "width" | "height"> | undefined;
}

/** Loads what was kept of the frame with this id. */
export function useFrameDetail(run: string, id: string | undefined): LoadedFrame {
  const [loaded, setLoaded] = useState<{ id: string; detail: FrameDetail | string }>();
  useEffect(() => {
    if (id === undefined) return;
    const leaving = new AbortController();
    const load = async () => {
      await pause(FIRST_TRY_MS);
      for (let tries = 1; !leaving.signal.aborted; tries++) {
        try {
          setLoaded({ id, detail: await fetchFrame(run, id, leaving.signal) });
          return;
        } catch (error) {
          if (leaving.signal.aborted) return;
          if (tries === TRIES) setLoaded({ id, detail: (error as Error).message });
          if (tries >= TRIES) return;
          await pause(RETRY_MS);
        }
      }
    };
    void load();
    return () => leaving.abort();
  }, [run, id]);
  const lastSize = useRef<FrameDetail>(undefined);
  if (typeof loaded?.detail === "object") lastSize.current = loaded.detail;
  return { detail: loaded?.id === id ? loaded?.detail : undefined, lastSize: lastSize.current };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
