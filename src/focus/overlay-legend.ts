import { levelColour } from "./colours.js";
import { LEVELS } from "./levels.js";

const STEP_PX = 30;
/** Level whose colour shows what brightness means. */
const SHOWN_LEVEL = 4;

/** What the colours of `drawOverlay` mean, as a picture of its own (SVG). */
export function overlayLegend(): string {
  const rows = [
    { title: "level: 0 in focus, 10 out of focus", colour: (i: number) => levelColour(i, 1), name: String },
    {
      title: "certainty of a patch, here at level 4",
      colour: (i: number) => levelColour(SHOWN_LEVEL, i / (LEVELS - 1)),
      name: (i: number) => (i / (LEVELS - 1)).toFixed(1),
    },
  ];
  const drawn = rows.flatMap(({ title, colour, name }, row) => {
    const top = 20 + row * 60;
    const steps = Array.from({ length: LEVELS }, (_, i) => {
      const x = 10 + i * STEP_PX;
      return (
        `<rect x="${x}" y="${top}" width="${STEP_PX}" height="14" fill="rgb(${colour(i).join(" ")})"/>` +
        `<text x="${x + STEP_PX / 2}" y="${top + 27}" text-anchor="middle">${name(i)}</text>`
      );
    });
    return [`<text x="10" y="${top - 6}">${title}</text>`, ...steps];
  });
  const width = 20 + LEVELS * STEP_PX;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="125" font-family="sans-serif" font-size="12">` +
    `<rect width="100%" height="100%" fill="#fff"/>${drawn.join("")}</svg>\n`
  );
}
