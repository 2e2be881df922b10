import { useEffect, useMemo, useReducer, useState } from "preact/hooks";
import type { ScaleName } from "../../colour-scales.js";
import type { RuleValues } from "../../protocol/messages.js";
import { keep, kept } from "./browser-storage.js";
import { ControlPanel } from "./control-panel.js";
import { Events } from "./events.js";
import { FrameView } from "./frame-view.js";
import { HatchPattern, Legend } from "./legend.js";
import { PageState } from "./page-state.js";
import { PlateMap } from "./plate-map.js";
import { ReimageDialog } from "./reimage-dialog.js";
import { StageMap } from "./stage-map.js";
import { StatusBar } from "./status-bar.js";
import { tally } from "./tally.js";
import { Timeline } from "./timeline.js";
import type { Metric, Summary } from "./wells.js";

const THEME_KEY = "parfocal-theme";

/** What a person has chosen the map to show; empty: all channels, the last time point, the newest plate. */
interface MapChoice {
  readonly channel: string;
  readonly time: string;
  readonly metric: Metric;
  readonly summary: Summary;
  readonly plate: string;
}
const FIRST_CHOICE: MapChoice = { channel: "", time: "", metric: "level", summary: "worst", plate: "" };

/** Until anything is known. */
const NO_RULES: RuleValues = { maxLevel: 10, minCertainty: 0 };

const LOST =
  "Connection to the agent lost, trying again. What is shown may be out of date; the acquisition goes on.";
const BARRED =
  "The agent answers, but no live connection (WebSocket) gets through to it: a proxy is in between, or too many pages are open. What is shown is out of date; load the page again to see how it is now. From another machine, open it through ssh -L.";

/** The whole page. */
export function App() {
  const [drawing, redraw] = useReducer((count: number) => count + 1, 0);
  const page = useMemo(() => new PageState(() => redraw(undefined)), []);
  useEffect(() => void page.start(), [page]);
  const [isDark, toggleTheme] = useTheme();
  const [choice, setChoice] = useState<MapChoice>(FIRST_CHOICE);
  const [scale, setScale] = useState<ScaleName>("cividis");
  const [isListOpen, setListOpen] = useState(false);

  const { status } = page;
  const plates = page.plates();
  const plate = plates.includes(choice.plate) ? choice.plate : (plates.at(-1) ?? "");
  const { channels, timePoints } = page.table;
  const channel = channels.includes(choice.channel) && choice.channel !== "" ? choice.channel : undefined;
  const timeIndex = timePoints.find((index) => String(index) === choice.time);
  const rules = page.rulesOf(channel) ?? NO_RULES;
  const mapProps = {
    page,
    choice: { plate, channel, timeIndex, metric: choice.metric, summary: choice.summary },
    scale,
    minCertainty: rules.minCertainty,
  };
  const hasWells = page.hasWells(plate);
  const canChange = status?.kind === "agent" && status.control;
  return (
    <>
      <HatchPattern />
      <StatusBar
        page={page}
        toReimage={tally(page).toReimage.length}
        onReimage={() => setListOpen(true)}
        isDark={isDark}
        onTheme={toggleTheme}
      />
      <div role="status" class="banners">
        {status !== undefined && !page.isConnected && (
          <p class="banner" data-testid="connection-banner">
            {page.isBarred ? BARRED : LOST}
          </p>
        )}
        {status?.storeProblem !== undefined && (
          <p class="banner">Finished runs cannot be shown: {status.storeProblem}</p>
        )}
        {page.problem !== undefined && (
          <p class="banner" data-testid="problem">
            {page.problem}{" "}
            <button type="button" onClick={() => page.dismissProblem()}>
              Dismiss
            </button>
          </p>
        )}
      </div>
      <main class={canChange ? "" : "view-only"}>
        <section class="panel map" aria-labelledby="map-title">
          <div class="panel-head">
            <h2 id="map-title">{hasWells ? "Plate" : "Stage"}</h2>
            {plates.length > 1 ? (
              <Choice
                label="Plate"
                value={plate}
                values={plates}
                names={{ "": "none" }}
                onChange={(value) => setChoice({ ...choice, plate: value })}
              />
            ) : (
              <span class="plate-name">{plate}</span>
            )}
            <Choice
              label="Channel"
              value={channel ?? ""}
              values={["", ...channels.filter((name) => name !== "")]}
              names={{ "": "all, the worst" }}
              onChange={(value) => setChoice({ ...choice, channel: value })}
            />
            {timePoints.length > 1 && (
              <Choice
                label="Time"
                value={timeIndex === undefined ? "" : choice.time}
                values={["", ...timePoints.map(String)]}
                names={{ "": "the last" }}
                onChange={(time) => setChoice({ ...choice, time })}
              />
            )}
            <Choice
              label="Colour"
              value={choice.metric}
              values={["level", "certainty", "z"]}
              names={{ level: "defocus level" }}
              onChange={(metric) => setChoice({ ...choice, metric })}
            />
            <Choice
              label="Well"
              value={choice.summary}
              values={["worst", "median"]}
              names={{ worst: "worst site", median: "median" }}
              onChange={(summary) => setChoice({ ...choice, summary })}
            />
            <Choice
              label="Map"
              value={scale}
              values={["cividis", "spectrum"]}
              names={{ spectrum: "Fiji spectrum" }}
              onChange={setScale}
            />
          </div>
          {hasWells ? <PlateMap {...mapProps} drawing={drawing} /> : <StageMap {...mapProps} />}
          <Legend scale={scale} metric={choice.metric} />
        </section>
        <section class="panel frame" aria-labelledby="frame-title">
          <h2 id="frame-title">{page.selection === undefined ? "Newest frame" : "Chosen frame"}</h2>
          <FrameView page={page} scale={scale} minCertainty={rules.minCertainty} />
        </section>
        <section class="panel time" aria-labelledby="time-title">
          <div class="panel-head">
            <h2 id="time-title">Timeline</h2>
            <span class="note">▲ refocus asked for, dashes: thresholds. Click a point to see its frame.</span>
          </div>
          <Timeline
            page={page}
            channel={channel}
            maxLevel={rules.maxLevel}
            minCertainty={rules.minCertainty}
            theme={isDark ? "dark" : "light"}
          />
        </section>
        <section class="panel log" aria-labelledby="events-title">
          <h2 id="events-title">Events</h2>
          <Events page={page} />
        </section>
        {canChange && (
          <section class="panel change" aria-labelledby="control-title">
            <h2 id="control-title">Control</h2>
            <ControlPanel page={page} status={status} />
          </section>
        )}
      </main>
      {status?.kind === "replay" && <p class="note foot">A replay cannot be changed.</p>}
      {status?.kind === "agent" && !canChange && (
        <p class="note foot">
          This page only shows. Start the agent with <code>--control</code> (or{" "}
          <code>dashboard.control: true</code>) to pause gating, change thresholds and mark sites from here.
        </p>
      )}
      {isListOpen && <ReimageDialog page={page} onClose={() => setListOpen(false)} />}
    </>
  );
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly values: readonly T[];
  /** Words for values that do not speak for themselves. */
  readonly names?: Readonly<Partial<Record<T, string>>>;
  readonly onChange: (value: T) => void;
}

function Choice<T extends string>({ label, value, values, names, onChange }: ChoiceProps<T>) {
  return (
    <label class="choice">
      {label}{" "}
      <select value={value} onChange={(event) => onChange(event.currentTarget.value as T)}>
        {values.map((each) => (
          <option key={each} value={each}>
            {names?.[each] ?? each}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Dark or light: as the system has it, until a person chooses. */
function useTheme(): [boolean, () => void] {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const [chosen, setChosen] = useState(kept("localStorage", THEME_KEY));
  const isDark = chosen === undefined ? system.matches : chosen === "dark";
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
  return [
    isDark,
    () => {
      const next = isDark ? "light" : "dark";
      keep("localStorage", THEME_KEY, next);
      setChosen(next);
    },
  ];
}
