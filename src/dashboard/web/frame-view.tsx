import { useState } from "preact/hooks";
import { COLOUR_SCALES, type ScaleName } from "../../colour-scales.js";
import { LEVELS } from "../../focus/levels.js";
import type { FrameRow } from "../../records/rows.js";
import type { SiteState } from "../../records/site-state.js";
import { previewPath } from "./api.js";
import { number, percent, siteName, statusWords } from "./formats.js";
import { useFrameDetail } from "./frame-detail.js";
import type { PageState } from "./page-state.js";
import { type Layer, PatchOverlay } from "./patch-overlay.js";

const NO_PROBABILITIES: readonly number[] = Array<number>(LEVELS).fill(0);

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
  const { detail, lastSize } = useFrameDetail(page.table.id, row?.id);
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
              {layers.has("picture") && (
                <img src={previewPath(page.table.id, row.id)} alt={altOf(page, row)} />
              )}
              <PatchOverlay detail={detail} layers={layers} scale={scale} minCertainty={minCertainty} />
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
              {frame.id === state.kept?.id ? " (kept)" : ""}: level {number(frame.expectedLevel, 1)}
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
    ["confidence", row.confidence === undefined ? "–" : `${percent(row.confidence, 1)} within a level`],
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

function altOf(page: PageState, { site, channel, expectedLevel }: FrameRow): string {
  return `Frame of ${siteName(page.siteOf(site))} ${channel}, level ${number(expectedLevel, 1)}`;
}
