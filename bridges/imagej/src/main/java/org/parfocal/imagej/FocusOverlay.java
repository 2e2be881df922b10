package org.parfocal.imagej;

import ij.gui.Overlay;
import ij.gui.Roi;
import java.awt.Color;

/** Frames around patches: hue is the level, red (in focus) to violet, brightness the certainty. */
final class FocusOverlay {
  private static final int BORDER_PX = 4;
  /** Degrees; never back to red. */
  private static final float HIGHEST_HUE = 280;

  private FocusOverlay() {}

  /** @param shownAt the slice that shows the frames, 0: all; of a hyperstack channel, slice and time, from 1 */
  static void add(Overlay overlay, FrameFocus focus, int[] shownAt) {
    // The line is drawn on both sides of the border.
    int inset = BORDER_PX / 2;
    int side = Counts.PATCH_PX - 2 * inset;
    for (int row = 0; row < focus.rows(); row++) {
      for (int column = 0; column < focus.columns(); column++) {
        Roi patch = new Roi(focus.left(column) + inset, focus.top(row) + inset, side, side);
        patch.setStrokeColor(colour(focus.patchScore(row, column), focus.levels(), focus.patchCertainty(row, column)));
        patch.setStrokeWidth(BORDER_PX);
        if (shownAt.length == 1) patch.setPosition(shownAt[0]);
        else patch.setPosition(shownAt[0], shownAt[1], shownAt[2]);
        overlay.add(patch);
      }
    }
  }

  private static Color colour(int level, int levels, float brightness) {
    return Color.getHSBColor(HIGHEST_HUE / 360 * level / (levels - 1), 1, brightness);
  }
}
