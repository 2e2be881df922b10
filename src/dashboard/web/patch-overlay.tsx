import { useEffect, useRef } from "preact/hooks";
import { COLOUR_SCALES, type ScaleName } from "../../colour-scales.js";
import type { FrameDetail } from "../wire.js";

/** What can be shown of a frame. */
export type Layer = "picture" | "borders" | "fill" | "hatch";

export interface PatchOverlayProps {
  readonly detail: FrameDetail;
  readonly layers: ReadonlySet<Layer>;
  readonly scale: ScaleName;
  readonly minCertainty: number;
}

/** Patches: the colour tells the level, the opacity the certainty. Drawn in pixels of the frame. */
export function PatchOverlay({ detail, layers, scale, minCertainty }: PatchOverlayProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context == null) return;
    context.clearRect(0, 0, detail.width, detail.height);
    const border = Math.max(2, Math.round(Math.max(detail.width, detail.height) / 200));
    const { patchPx, lefts, tops, levels, certainties } = detail;
    for (const [i, level] of levels.entries()) {
      const certainty = certainties[i] ?? null;
      if (level === null || certainty === null) continue;
      const [left, top] = [lefts[i % lefts.length]!, tops[Math.floor(i / lefts.length)]!];
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
