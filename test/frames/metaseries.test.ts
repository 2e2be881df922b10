import { describe, expect, it } from "vitest";
import { isMetaSeries, parseMetaSeries } from "../../src/frames/metaseries.js";

const PLANE = `<MetaData>
<Build>10.5.0.0</Build>
<Description>Experiment base name:cells&#13;&#10;Exposure: 15 ms</Description>
<PlaneInfo>
<prop id="pixel-size-x" type="int" value="512"/>
<prop id="spatial-calibration-state" type="bool" value="on"/>
<prop id="spatial-calibration-x" type="float" value="1.3668"/>
<prop id="spatial-calibration-units" type="string" value="um"/>
<prop id="stage-position-x" type="float" value="79813.4"/>
<prop id="stage-position-y" type="float" value="-41385.4"/>
<prop id="z-position" type="float" value="9343.19"/>
<custom-prop id="Exposure Time" type="string" value="15 ms"/>
<custom-prop id="_IllumSetting_" type="string" value="FITC_05"/>
</PlaneInfo>
</MetaData>`;

describe("the description of MetaXpress", () => {
  it("tells pixel size, place, exposure and illumination", () => {
    expect(isMetaSeries(PLANE)).toBe(true);
    expect(parseMetaSeries(PLANE)).toEqual({
      ...{ pixelUm: 1.3668, xUm: 79813.4, yUm: -41385.4, zUm: 9343.19, exposureMs: 15, channel: "FITC_05" },
    });
  });

  it("tells the objective", () => {
    const magnification =
      '<custom-prop id="_MagNA_" type="float" value="0.45"/><custom-prop id="_MagRI_" type="float" value="1"/>';
    expect(parseMetaSeries(PLANE.replace("</PlaneInfo>", `${magnification}</PlaneInfo>`)).objective).toEqual({
      ...{ numericalAperture: 0.45, refractiveIndex: 1 },
    });
  });

  it("says nothing about what is not calibrated, cut off or no number", () => {
    const odd = PLANE.replace('"um"', '"pixels"')
      .replace("79813.4", "off")
      .replace('value="15 ms"', 'value="long"');
    expect(parseMetaSeries(odd.slice(0, odd.indexOf('<custom-prop id="_Illum')))).toEqual({
      ...{ yUm: -41385.4, zUm: 9343.19 },
    });
    expect(isMetaSeries("ImageJ=1.53t")).toBe(false);
  });
});
