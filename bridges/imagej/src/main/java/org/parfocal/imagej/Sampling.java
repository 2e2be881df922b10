package org.parfocal.imagej;

import ij.measure.Calibration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** How finely an image is sampled, as its calibration has it. */
final class Sampling {
  private static final List<String> MICROMETRES =
      Arrays.asList("micron", "microns", "\u00b5m", "\u03bcm", "um", "micrometer", "micrometre");
  private static final List<String> NANOMETRES = Arrays.asList("nm", "nanometer", "nanometre");
  /** Aperture that hardly an objective exceeds, and the aperture times pixel that the network knows, um (src/focus/binning.ts). */
  private static final double WIDE_APERTURE = 1.3;
  private static final double KNOWN_SAMPLING_UM = 0.5 * 0.65;
  /** Sides of a pixel that a light microscope may have, um. */
  private static final double LEAST_UM = 0.005;
  private static final double MOST_UM = 100;
  private static final int MOST_BINNING = 4;

  private Sampling() {}

  /** How many pixels a side are to be judged as one: no less than any objective wants with such pixels; 1 if they are not known. */
  static int binningOf(Calibration calibration) {
    String unit = calibration.getUnit().trim().toLowerCase(Locale.ROOT);
    double um = MICROMETRES.contains(unit) ? 1 : NANOMETRES.contains(unit) ? 1e-3 : 0;
    double pixelUm = um * calibration.pixelWidth;
    if (!(pixelUm >= LEAST_UM && pixelUm <= MOST_UM)) return 1;
    long binning = Math.round(KNOWN_SAMPLING_UM / (WIDE_APERTURE * pixelUm));
    return (int) Math.max(1, Math.min(MOST_BINNING, binning));
  }
}
