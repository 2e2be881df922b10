import { element, label, picture } from "./svg.js";

const [CELL_PX, LEFT_PX, TOP_PX] = [16, 34, 30];

/** A confusion matrix: true levels downwards, judged levels to the right, each row shaded by its shares. */
export function heatMap(title: string, confusion: readonly (readonly number[])[]): string {
  const side = confusion.length * CELL_PX;
  const cells = confusion.flatMap((row, actual) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.flatMap((count, judged) => {
      if (count === 0) return [];
      const share = count / total;
      const place = { x: LEFT_PX + judged * CELL_PX, y: TOP_PX + actual * CELL_PX };
      const hint = element("title", {}, `level ${actual} judged ${judged}: ${count} of ${total}`);
      return element(
        "rect",
        { ...place, width: CELL_PX, height: CELL_PX, fill: "#1d4ed8", "fill-opacity": share },
        hint,
      );
    });
  });
  const numbers = confusion.flatMap((_, level) => [
    label(LEFT_PX - 6, TOP_PX + (level + 0.75) * CELL_PX, String(level), { "text-anchor": "end" }),
    label(LEFT_PX + (level + 0.5) * CELL_PX, TOP_PX + side + 12, String(level), { "text-anchor": "middle" }),
  ]);
  const frame = { x: LEFT_PX, y: TOP_PX, width: side, height: side, fill: "none", stroke: "#bbb" };
  return picture(LEFT_PX + side + 12, TOP_PX + side + 18, title, [
    label(LEFT_PX + side / 2, 16, title, { "text-anchor": "middle" }),
    element("rect", frame),
    ...cells,
    ...numbers,
  ]);
}
