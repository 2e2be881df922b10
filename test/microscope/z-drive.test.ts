import { expect, test } from "vitest";
import { ZDrive } from "../../src/microscope/z-drive.js";

test("a drive goes where it is told in whole steps, within its limits, and remembers its path", () => {
  const drive = new ZDrive([-10, 10], 0.5);

  for (const [asked, reached] of [
    [3.3, 3.5],
    [-40, -10],
    [99, 10],
  ] as const) {
    drive.moveTo(asked);
    expect([drive.positionUm, drive.actualUm]).toEqual([reached, reached]);
  }
  expect(drive.travelUm).toBe(3.5 + 13.5 + 20);
});

test("with backlash it arrives short of there, says that it is there, and does not follow a short way back", () => {
  const drive = new ZDrive([-10, 10], 0.1, 1);
  const at = (zUm: number) => {
    drive.moveTo(zUm);
    return [drive.positionUm, drive.actualUm].map((um) => Math.round(um * 10) / 10);
  };

  expect(at(4)).toEqual([4, 3.5]);
  expect(at(3.5)).toEqual([3.5, 3.5]);
  expect(at(3)).toEqual([3, 3.5]);
  expect(at(1)).toEqual([1, 1.5]);
  expect(at(2)).toEqual([2, 1.5]);
});
