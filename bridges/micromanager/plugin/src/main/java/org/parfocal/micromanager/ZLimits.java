package org.parfocal.micromanager;

import java.util.Locale;

/**
 * Lowest and highest z and the longest single move, um. A move outside is refused, never clipped: a clipped move ends
 * at a z that nobody asked for.
 */
final class ZLimits {
  /** Rounding of sums and of a drive's steps must not make a limit itself forbidden, um. */
  private static final double TOLERANCE_UM = 0.001;

  final double lowUm;
  final double highUm;
  /** Infinite if any step within the limits may be made. */
  final double maxStepUm;

  /** @throws IllegalArgumentException if that is no range. */
  ZLimits(double lowUm, double highUm, double maxStepUm) {
    boolean isFinite = !Double.isNaN(lowUm + highUm) && !Double.isInfinite(lowUm) && !Double.isInfinite(highUm);
    if (!isFinite || lowUm >= highUm) {
      throw new IllegalArgumentException("lowest z " + lowUm + " um is not below highest z " + highUm + " um");
    }
    if (!(maxStepUm > 0)) {
      throw new IllegalArgumentException("the longest step must be above 0 um");
    }
    this.lowUm = lowUm;
    this.highUm = highUm;
    this.maxStepUm = maxStepUm;
  }

  /** Why the drive may not go from one z to another, um; null if it may. */
  String refusal(Double fromUm, double toUm) {
    if (fromUm == null || fromUm.isNaN() || fromUm.isInfinite()) {
      return "the z of the drive is not known";
    }
    if (!(toUm >= lowUm - TOLERANCE_UM && toUm <= highUm + TOLERANCE_UM)) {
      return String.format(Locale.ROOT, "z %.3f um is outside the limits, %s to %s um", toUm, lowUm, highUm);
    }
    double stepUm = Math.abs(toUm - fromUm);
    return stepUm <= maxStepUm + TOLERANCE_UM
        ? null
        : String.format(Locale.ROOT, "a move of %.3f um is longer than the longest step, %s um", stepUm, maxStepUm);
  }
}
