package org.parfocal.imagej;

import ij.ImagePlus;
import ij.gui.Overlay;
import ij.gui.Roi;
import java.awt.Color;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Frames around patches: hue is the level, red (in focus) to violet, brightness the certainty. */
final class FocusOverlay {
  private static final int BORDER_PX = 4;
  /** Degrees; never back to red. */
  private static final float HIGHEST_HUE = 280;
  /** How the names of our frames begin: all others in an overlay are the user's. */
  private static final String OURS = "Parfocal level ";

  private final List<Roi> frames = new ArrayList<>();
  private final Set<List<Integer>> judged = new HashSet<>();

  /** @param shownAt the slice that shows the frames, 0: all; of a hyperstack channel, slice and time, from 1 */
  void add(FrameFocus focus, int[] shownAt) {
    // The line is drawn on both sides of the border.
    int inset = BORDER_PX / 2;
    int side = focus.patchPx() - 2 * inset;
    for (int row = 0; row < focus.rows(); row++) {
      for (int column = 0; column < focus.columns(); column++) {
        Roi patch = new Roi(focus.left(column) + inset, focus.top(row) + inset, side, side);
        int level = focus.patchScore(row, column);
        patch.setName(OURS + level);
        patch.setStrokeColor(colour(level, focus.levels(), focus.patchCertainty(row, column)));
        patch.setStrokeWidth(BORDER_PX);
        if (shownAt.length == 1) patch.setPosition(shownAt[0]);
        else patch.setPosition(shownAt[0], shownAt[1], shownAt[2]);
        frames.add(patch);
        judged.add(placeOf(patch));
      }
    }
  }

  /** Adds the frames to an image's overlay, in the place of those of an earlier time; what else is in it stays. */
  void showOn(ImagePlus image) {
    if (frames.isEmpty()) return;
    Overlay overlay = image.getOverlay() == null ? new Overlay() : image.getOverlay().duplicate();
    Roi[] before = overlay.toArray();
    overlay.clear();
    for (Roi roi : before) {
      boolean isOurs = roi.getName() != null && roi.getName().startsWith(OURS);
      if (!isOurs || !judged.contains(placeOf(roi))) overlay.add(roi);
    }
    frames.forEach(overlay::add);
    image.setOverlay(overlay);
  }

  private static List<Integer> placeOf(Roi roi) {
    return Arrays.asList(roi.getPosition(), roi.getCPosition(), roi.getZPosition(), roi.getTPosition());
  }

  private static Color colour(int level, int levels, float brightness) {
    return Color.getHSBColor(HIGHEST_HUE / 360 * level / (levels - 1), 1, brightness);
  }
}
