package org.parfocal.testserver;

import java.util.Random;

/**
 * A camera that sees fluorescent beads: Gaussian spots of constant light whose width grows with the distance from
 * focus, on a camera's offset, with shot and read noise. The same site and seed show the same beads.
 */
final class BeadCamera {
  static final int SIDE_PX = 512;
  static final int BIT_DEPTH = 16;

  private static final int BEADS = 160;
  /** Sites further apart than this show other beads, um. */
  private static final double SITE_UM = 300;
  /** Standard deviation of a bead in focus, px. */
  private static final double SHARP_PX = 1.3;
  /**
   * Blur, px a um of defocus: as wide as the disc of NA 0.5 with pixels of 0.65 um, 2 z NA / 0.65 px across, which is
   * the full width at half maximum of 2.355 standard deviations.
   */
  private static final double BLUR_PX_PER_UM = 2 * 0.5 / 0.65 / 2.355;
  /** Light of the brightest bead, counts summed over its pixels, at 10 ms. */
  private static final double LIGHT = 150_000;
  private static final double OFFSET = 100;
  private static final double READ_NOISE = 3;
  private static final double ELECTRONS_PER_COUNT = 2;
  private static final double REFERENCE_EXPOSURE_MS = 10;

  private final long seed;
  private long frames = 0;

  BeadCamera(long seed) {
    this.seed = seed;
  }

  /** One frame, row order, 16 bits. */
  synchronized short[] snap(double xUm, double yUm, double defocusUm, double exposureMs) {
    double[] light = beads(xUm, yUm, defocusUm, exposureMs);
    Random noise = new Random(seed * 31 + frames++);
    short[] pixels = new short[light.length];
    for (int i = 0; i < light.length; i++) {
      double shot = noise.nextGaussian() * Math.sqrt(light[i] / ELECTRONS_PER_COUNT);
      double counts = OFFSET + light[i] + shot + READ_NOISE * noise.nextGaussian();
      pixels[i] = (short) Math.max(0, Math.min(65535, Math.round(counts)));
    }
    return pixels;
  }

  private double[] beads(double xUm, double yUm, double defocusUm, double exposureMs) {
    long site = Math.round(xUm / SITE_UM) * 1_000_003 + Math.round(yUm / SITE_UM);
    Random random = new Random(seed + 7919 * site);
    double sigma = Math.hypot(SHARP_PX, BLUR_PX_PER_UM * defocusUm);
    int reach = (int) Math.ceil(4 * sigma);
    double[] light = new double[SIDE_PX * SIDE_PX];
    for (int bead = 0; bead < BEADS; bead++) {
      double x = random.nextDouble() * SIDE_PX;
      double y = random.nextDouble() * SIDE_PX;
      double total = LIGHT * (0.3 + 0.7 * random.nextDouble()) * exposureMs / REFERENCE_EXPOSURE_MS;
      double[] across = profile(x, sigma, reach);
      double[] down = profile(y, sigma, reach);
      int left = (int) x - reach;
      int top = (int) y - reach;
      for (int v = Math.max(0, -top); v < down.length && top + v < SIDE_PX; v++) {
        for (int u = Math.max(0, -left); u < across.length && left + u < SIDE_PX; u++) {
          light[(top + v) * SIDE_PX + left + u] += total * down[v] * across[u];
        }
      }
    }
    return light;
  }

  /** The share of a bead's light in each row or column around its centre. */
  private static double[] profile(double centre, double sigma, int reach) {
    double[] shares = new double[2 * reach + 1];
    for (int i = 0; i < shares.length; i++) {
      double distance = ((int) centre - reach + i - centre) / sigma;
      shares[i] = Math.exp(-distance * distance / 2) / (sigma * Math.sqrt(2 * Math.PI));
    }
    return shares;
  }
}
