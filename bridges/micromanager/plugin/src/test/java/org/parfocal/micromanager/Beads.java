package org.parfocal.micromanager;

import java.util.Random;

/**
 * What a camera sees of fluorescent beads that lie in one plane: Gaussians of sigma sqrt(1.26^2 + (0.5 z)^2) px at a
 * defocus of z um and 1 um a pixel, of constant light, with offset, shot and read noise.
 */
final class Beads {
  static final int SIDE_PX = 512;
  /** Side of a pixel in the sample, um. */
  static final double PIXEL_UM = 1;
  /** The numerical aperture whose geometric blur is as wide: 2 sqrt(2 ln 2) x 0.5 / 2. */
  static final double NA = 0.589;

  private static final int COUNT = 120;
  private static final double FOCUS_SIGMA_PX = 1.26;
  private static final double BLUR_PX_PER_UM = 0.5;
  private static final double PEAK = 8000;
  private static final double OFFSET = 100;
  private static final double READ_NOISE = 3;
  private static final double ELECTRONS_PER_COUNT = 2;

  private final Random noise = new Random(1);

  /**
   * The image of the beads around a place; each place has its own beads, always the same.
   *
   * @param defocusUm distance from focus, of either sign.
   */
  short[] image(double defocusUm, double xUm, double yUm) {
    double sigma = Math.hypot(FOCUS_SIGMA_PX, BLUR_PX_PER_UM * defocusUm);
    double peak = PEAK * FOCUS_SIGMA_PX * FOCUS_SIGMA_PX / (sigma * sigma);
    double[] light = new double[SIDE_PX * SIDE_PX];
    Random places = new Random(31 * Math.round(xUm) + Math.round(yUm));
    for (int bead = 0; bead < COUNT; bead++) {
      add(light, places.nextDouble() * SIDE_PX, places.nextDouble() * SIDE_PX, sigma, peak);
    }
    short[] counts = new short[light.length];
    for (int i = 0; i < counts.length; i++) {
      double shot = Math.sqrt(light[i] / ELECTRONS_PER_COUNT);
      double count = light[i] + OFFSET + noise.nextGaussian() * Math.hypot(shot, READ_NOISE);
      counts[i] = (short) Math.max(0, Math.min(65_535, Math.round(count)));
    }
    return counts;
  }

  private static void add(double[] light, double x, double y, double sigma, double peak) {
    int reach = (int) Math.ceil(4 * sigma);
    for (int row = Math.max(0, (int) y - reach); row < Math.min(SIDE_PX, (int) y + reach); row++) {
      double across = peak * Math.exp(-(row - y) * (row - y) / (2 * sigma * sigma));
      for (int column = Math.max(0, (int) x - reach); column < Math.min(SIDE_PX, (int) x + reach); column++) {
        light[row * SIDE_PX + column] += across * Math.exp(-(column - x) * (column - x) / (2 * sigma * sigma));
      }
    }
  }
}
