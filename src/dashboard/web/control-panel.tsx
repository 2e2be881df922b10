import { useRef, useState } from "preact/hooks";
import { wellOf } from "../../frames/wells.js";
import type { RuleValues } from "../../protocol/messages.js";
import { type Finding, whatIf } from "../../runs/what-if.js";
import type { StatusView } from "../wire.js";
import { siteName } from "./formats.js";
import type { PageState } from "./page-state.js";
import { rulesInForce } from "./rules-in-force.js";

/** Wells that are named in the preview. */
const NAMED_WELLS = 12;

export interface ControlPanelProps {
  readonly page: PageState;
  /** Of an agent that allows changes. */
  readonly status: StatusView;
}

/** What a person may change while the agent runs. */
export function ControlPanel({ page, status }: ControlPanelProps) {
  return (
    <div data-testid="control-panel" class="control">
      {page.token === undefined ? <Token page={page} /> : null}
      <div class="tools">
        <button
          type="button"
          data-testid="gating-toggle"
          disabled={page.token === undefined}
          onClick={() => void page.change({ what: "gating", on: !status.gating })}
        >
          {status.gating ? "Pause gating" : "Resume gating"}
        </button>
        <span>
          {status.gating ? "Blurred sites are refocused." : "Frames are judged, nothing is refocused."}
        </span>
      </div>
      <Marks page={page} />
      <Thresholds page={page} />
    </div>
  );
}

function Token({ page }: { readonly page: PageState }) {
  const [token, setToken] = useState("");
  return (
    <form
      class="tools"
      onSubmit={(event) => {
        event.preventDefault();
        page.setToken(token.trim());
      }}
    >
      <label>
        Token{" "}
        <input
          type="password"
          autocomplete="off"
          value={token}
          onInput={(e) => setToken(e.currentTarget.value)}
        />
      </label>
      <button type="submit">Use it</button>
      <span class="note">It stands in the address that the agent printed when it started.</span>
    </form>
  );
}

function Marks({ page }: { readonly page: PageState }) {
  const frame = page.shownFrame();
  if (frame === undefined) return null;
  const mark = (mark: "fine" | "bad") =>
    void page.change({ what: "label", run: page.table.id, frameId: frame.id, mark });
  const isOff = page.token === undefined;
  return (
    <div class="tools">
      <span>
        {siteName(page.siteOf(frame.site))} {frame.channel}, by eye:
      </span>
      <button type="button" data-testid="mark-fine" disabled={isOff} onClick={() => mark("fine")}>
        ✓ fine
      </button>
      <button type="button" data-testid="mark-bad" disabled={isOff} onClick={() => mark("bad")}>
        ⚑ bad
      </button>
    </div>
  );
}

function Thresholds({ page }: { readonly page: PageState }) {
  const status = page.status!;
  const [channel, setChannel] = useState("");
  const now = rulesInForce(status, channel);
  // What is not touched here follows what is set elsewhere.
  const [draft, setDraft] = useState<Partial<RuleValues> | undefined>();
  const then: RuleValues = { ...now, ...draft };
  const states = [...page.states.all()].filter((state) => channel === "" || state.channel === channel);
  const { first, kept, changed } = whatIf(states, now, then);
  const before = whatIf(states, now, now);
  const channels = page.table.channels.filter((name) => name !== "");
  const isValid = inRange(then.maxLevel, 10) && inRange(then.minCertainty, 1);
  return (
    <form
      // The steps are for the arrows: a threshold may lie between two.
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void page.change({ what: "rules", ...(channel !== "" && { channel }), rules: then });
        setDraft(undefined);
      }}
    >
      <div class="tools">
        <label>
          Thresholds of{" "}
          <select
            value={channel}
            onChange={(event) => {
              setChannel(event.currentTarget.value);
              setDraft(undefined);
            }}
          >
            <option value="">all channels</option>
            {channels.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <NumberField
          label="highest level"
          testId="threshold-level"
          max={10}
          step={0.1}
          value={then.maxLevel}
          onChange={(maxLevel) => setDraft({ ...draft, maxLevel })}
        />
        <NumberField
          label="lowest certainty"
          testId="threshold-certainty"
          max={1}
          step={0.01}
          value={then.minCertainty}
          onChange={(minCertainty) => setDraft({ ...draft, minCertainty })}
        />
        <button
          type="submit"
          data-testid="threshold-apply"
          disabled={page.token === undefined || draft === undefined || !isValid}
        >
          Apply from the next frame on
        </button>
      </div>
      <table class="what-if" data-testid="what-if">
        <caption>What they would have found on this run (now → then)</caption>
        <thead>
          <tr>
            <th scope="col">frame</th>
            <th scope="col">in focus</th>
            <th scope="col">blurred</th>
            <th scope="col">not judged</th>
          </tr>
        </thead>
        <tbody>
          {(["first", "kept"] as const).map((which) => (
            <tr key={which}>
              <th scope="row">{which}</th>
              {(["sharp", "blurred", "not judged"] as const).map((finding) => (
                <td key={finding} class="number">
                  {arrow(before[which][finding], (which === "first" ? first : kept)[finding])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {changed.length > 0 && <p class="note">Another finding for {wellsOf(page, changed)}.</p>}
    </form>
  );
}

interface NumberFieldProps {
  readonly label: string;
  readonly testId: string;
  /** Highest value; the lowest is 0. */
  readonly max: number;
  readonly step: number;
  readonly value: number;
  readonly onChange: (value: number) => void;
}

function NumberField({ label, testId, max, step, value, onChange }: NumberFieldProps) {
  const field = useRef<HTMLInputElement>(null);
  // Half a number ("0.") is none yet, and setting what is typed would move the caret.
  const typed = Object.is(field.current?.valueAsNumber, value) ? field.current?.value : undefined;
  return (
    <label>
      {label}{" "}
      <input
        ref={field}
        type="number"
        data-testid={testId}
        min={0}
        max={max}
        step={step}
        value={typed ?? String(value)}
        onInput={(event) => onChange(event.currentTarget.valueAsNumber)}
      />
    </label>
  );
}

function arrow(before: Record<Finding, number>[Finding], after: number): string {
  return before === after ? String(before) : `${before} → ${after}`;
}

function inRange(value: number, most: number): boolean {
  return value >= 0 && value <= most;
}

function wellsOf(page: PageState, states: readonly { readonly site: number }[]): string {
  const names = new Set(
    states.map(({ site }) => {
      const row = page.siteOf(site);
      return wellOf(row)?.name ?? row.name;
    }),
  );
  const shown = [...names].slice(0, NAMED_WELLS);
  return shown.join(", ") + (names.size > shown.length ? ` and ${names.size - shown.length} more` : "");
}
