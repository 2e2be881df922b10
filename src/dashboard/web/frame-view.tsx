import { useEffect, useRef, useState } from "preact/hooks";
import { LEVELS } from "../../focus/report.js";
import type { FrameRow } from "../../runs/run-rows.js";
import type { SiteState } from "../../runs/site-state.js";
import type { FrameDetail } from "../wire.js";
import { fetchFrame, previewPath } from "./api.js";
import { COLOUR_SCALES, type ScaleName } from "./colours.js";
import { number, siteName, statusWords } from "./formats.js";
import type { PageState } from "./page-state.js";

/** The picture of a frame is made a moment after its verdict: how often and how long it is asked for again. */
const TRIES = 4;
const FIRST_TRY_MS = 60;
const RETRY_MS = 400;

const NO_PROBABILITIES: readonly number[] = Array<number>(LEVELS).fill(0);

type Layer = "picture" | "borders" | "fill" | "hatch";
const LAYERS: Readonly<Record<Layer, string>> = {
  picture: "picture",
  borders: "patch borders",
  fill: "patch colours",
  hatch: "hatch uncertain patches",
};

export interface FrameViewProps {
  readonly page: PageState;
  readonly scale: ScaleName;
  readonly minCertainty: number;
}

/** The chosen frame, or the newest one, with its patches. */
export function FrameView({ page, scale, minCertainty }: FrameViewProps) {
  const [layers, setLayers] = useState<ReadonlySet<Layer>>(new Set(["picture", "borders"]));
  const row = page.shownFrame();
  const { detail, lastSize } = useFrameDetail(row?.id);
  if (row === undefined) return <p class="empty">No frame yet.</p>;
  const state = page.states.get(row.site, row.channel, row.timeIndex);
  const toggle = (layer: Layer) => {
    const next = new Set(layers);
    if (!next.delete(layer)) next.add(layer);
    setLayers(next);
  };
  return (
    <div class="frame-view">
      <FrameChoice page={page} row={row} state={state} />
      <div class="frame-body">
        <div
          class="picture"
          data-testid="frame-preview"
          data-frame={row.id}
          style={lastSize && { aspectRatio: `${lastSize.width} / ${lastSize.height}` }}
        >
          {typeof detail === "object" ? (
            <>
              {layers.has("picture") && <img src={previewPath(row.id)} alt={altOf(page, row)} />}
              <Overlay detail={detail} layers={layers} scale={scale} minCertainty={minCertainty} />
            </>
          ) : (
            <p class="empty">{detail ?? "Loading the picture…"}</p>
          )}
        </div>
        <div class="numbers">
          <Facts row={row} state={state} />
          <Distribution
            probabilities={typeof detail === "object" ? detail.distribution : undefined}
            scale={scale}
          />
        </div>
      </div>
      <fieldset class="layers">
        <legend class="hidden">Layers of the picture</legend>
        {(Object.keys(LAYERS) as Layer[]).map((layer) => (
          <label key={layer}>
            <input type="checkbox" checked={layers.has(layer)} onChange={() => toggle(layer)} />
            {LAYERS[layer]}
          </label>
        ))}
      </fieldset>
    </div>
  );
}

function FrameChoice({
  page,
  row,
  state,
}: {
  readonly page: PageState;
  readonly row: FrameRow;
  readonly state: SiteState | undefined;
}) {
  const channels = page.states.ofSite(row.site, row.timeIndex).map(({ channel }) => channel);
  const { site, channel, timeIndex } = row;
  return (
    <p class="frame-choice">
      <strong>{siteName(page.siteOf(site))}</strong>
      {channels.length > 1 ? (
        <select
          aria-label="Channel of the frame"
          value={channel}
          onChange={(event) => page.select({ site, channel: event.currentTarget.value, timeIndex })}
        >
          {channels.map((name) => (
            <option key={name} value={name}>
              {name || "no channel"}
            </option>
          ))}
        </select>
      ) : (
        <span>{channel}</span>
      )}
      {timeIndex > 0 && <span>time {timeIndex}</span>}
      {state !== undefined && (
        <select
          aria-label="Attempt"
          value={row.id}
          onChange={(event) => page.select({ site, channel, timeIndex, frameId: event.currentTarget.value })}
        >
          {state.frames.map((frame) => (
            <option key={frame.id} value={frame.id}>
              attempt {frame.attempt}
              {frame.id === state.kept.id ? " (kept)" : ""}: level {number(frame.expectedLevel, 1)}
            </option>
          ))}
        </select>
      )}
      {page.selection !== undefined && (
        <button type="button" onClick={() => page.select(undefined)}>
          Follow the newest
        </button>
      )}
    </p>
  );
}

function Facts({ row, state }: { readonly row: FrameRow; readonly state: SiteState | undefined }) {
  const facts: [string, string][] = [
    ["level", `${row.level ?? "–"} (mean ${number(row.expectedLevel, 2)})`],
    ["certainty", number(row.certainty, 2)],
    ["condition", row.condition ?? (row.end === "verdict" ? "–" : `not scored: ${row.why ?? row.end}`)],
    ["decision", row.decision ?? "–"],
    ["z", row.zUm === undefined ? "–" : `${row.zUm.toFixed(2)} µm`],
  ];
  if (row.moveUm !== undefined)
    facts.push(["moved by", `${row.moveUm > 0 ? "+" : ""}${row.moveUm.toFixed(2)} µm`]);
  if (state !== undefined) {
    facts.push(["site", statusWords(state)]);
    const { outcome } = state;
    if (outcome !== undefined && outcome.attempts > 1) {
      facts.push([
        "refocusing",
        `${number(outcome.levelBefore, 1)} → ${number(outcome.levelAfter, 1)}, ${outcome.attempts} frames`,
      ]);
    }
  }
  return (
    <dl>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The probability of each level; empty columns where there is none, or none yet. */
function Distribution({
  probabilities,
  scale,
}: {
  readonly probabilities: readonly number[] | undefined;
  readonly scale: ScaleName;
}) {
  const words = probabilities?.map((p, level) => `${level}: ${(100 * p).toFixed(0)} %`).join(", ");
  return (
    <div class="distribution" role="img" aria-label={`Probability of each level. ${words ?? "Not known."}`}>
      {(probabilities ?? NO_PROBABILITIES).map((probability, level) => (
        <div key={level} class="level">
          <div class="column">
            <div style={{ height: `${100 * probability}%`, background: COLOUR_SCALES[scale](level / 10) }} />
          </div>
          <span>{level}</span>
        </div>
      ))}
    </div>
  );
}

interface OverlayProps {
  readonly detail: FrameDetail;
  readonly layers: ReadonlySet<Layer>;
  readonly scale: ScaleName;
  readonly minCertainty: number;
}

/** Patches: the colour tells the level, the opacity the certainty. Drawn in pixels of the frame. */
function Overlay({ detail, layers, scale, minCertainty }: OverlayProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context == null) return;
    context.clearRect(0, 0, detail.width, detail.height);
    const border = Math.max(2, Math.round(Math.max(detail.width, detail.height) / 200));
    const { patchPx, lefts, tops, levels, certainties } = detail;
    for (const [i, level] of levels.entries()) {
      const [left, top] = [lefts[i % lefts.length]!, tops[Math.floor(i / lefts.length)]!];
      const certainty = certainties[i]!;
      const colour = COLOUR_SCALES[scale](level / 10);
      context.fillStyle = colour;
      context.strokeStyle = colour;
      context.globalAlpha = 0.5 * certainty;
      if (layers.has("fill")) context.fillRect(left, top, patchPx, patchPx);
      context.globalAlpha = 0.2 + 0.8 * certainty;
      context.lineWidth = border;
      if (layers.has("borders")) {
        frameOf(context, left, top, patchPx, border / 2 + 0.5);
        // A thin light line inside, as dark colours would be lost on a dark picture.
        context.lineWidth = 1;
        context.strokeStyle = "#fff";
        context.globalAlpha *= 0.55;
        frameOf(context, left, top, patchPx, border + 0.5);
      }
      if (layers.has("hatch") && certainty < minCertainty) hatch(context, left, top, patchPx);
    }
    context.globalAlpha = 1;
  }, [detail, layers, scale, minCertainty]);
  return (
    <canvas
      ref={canvas}
      data-testid="frame-overlay"
      width={detail.width}
      height={detail.height}
      role="img"
      aria-label={`Levels of ${detail.levels.length} patches`}
    />
  );
}

function frameOf(
  context: CanvasRenderingContext2D,
  left: number,
  top: number,
  side: number,
  inset: number,
): void {
  context.strokeRect(left + inset, top + inset, side - 2 * inset, side - 2 * inset);
}

function hatch(context: CanvasRenderingContext2D, left: number, top: number, side: number): void {
  context.save();
  context.beginPath();
  context.rect(left, top, side, side);
  context.clip();
  context.globalAlpha = 0.7;
  context.strokeStyle = "#fff";
  context.lineWidth = 1;
  for (let offset = -side; offset < side; offset += 10) {
    context.beginPath();
    context.moveTo(left + offset, top + side);
    context.lineTo(left + offset + side, top);
    context.stroke();
  }
  context.restore();
}

function altOf(page: PageState, { site, channel, expectedLevel }: FrameRow): string {
  return `Frame of ${siteName(page.siteOf(site))} ${channel}, level ${number(expectedLevel, 1)}`;
}

interface LoadedFrame {
  /** What was kept of the frame, or in words why there is nothing; undefined while it loads. */
  readonly detail: FrameDetail | string | undefined;
  /** Of the frame that was shown last: the next one takes the same room while it loads, so that nothing jumps. */
  readonly lastSize: Pick<FrameDetail, "width" | "height"> | undefined;
}

function useFrameDetail(id: string | undefined): LoadedFrame {
  const [loaded, setLoaded] = useState<{ id: string; detail: FrameDetail | string }>();
  useEffect(() => {
    if (id === undefined) return;
    const leaving = new AbortController();
    const load = async () => {
      await pause(FIRST_TRY_MS);
      for (let tries = 1; !leaving.signal.aborted; tries++) {
        try {
          setLoaded({ id, detail: await fetchFrame(id, leaving.signal) });
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
  }, [id]);
  const lastSize = useRef<FrameDetail>(undefined);
  if (typeof loaded?.detail === "object") lastSize.current = loaded.detail;
  return { detail: loaded?.id === id ? loaded?.detail : undefined, lastSize: lastSize.current };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
