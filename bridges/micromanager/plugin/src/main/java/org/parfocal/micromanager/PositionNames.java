package org.parfocal.micromanager;

import mmcorej.CMMCore;
import org.micromanager.MultiStagePosition;
import org.micromanager.PositionListManager;

/**
 * Which site the stage stands at. An autofocus is not told, so it is the position of the list that is nearest to where
 * the stage is.
 */
final class PositionNames {
  /** Further away from all positions than this, um, the stage stands at none of them. */
  static final double NEAR_UM = 10;

  private final CMMCore core;
  private final PositionListManager positions;

  PositionNames(CMMCore core, PositionListManager positions) {
    this.core = core;
    this.positions = positions;
  }

  /** Where the stage is, [x, y] in um; null if that is not known. */
  double[] stageUm() {
    try {
      String stage = core.getXYStageDevice();
      boolean isNone = stage == null || stage.isEmpty();
      return isNone ? null : new double[] {core.getXPosition(stage), core.getYPosition(stage)};
    } catch (Exception e) {
      return null;
    }
  }

  /** @param stageUm [x, y] in um; null if not known. */
  Site siteAt(double[] stageUm) {
    if (stageUm == null) {
      return Site.ofLabel("here");
    }
    MultiStagePosition nearest = null;
    double nearestUm = NEAR_UM;
    for (MultiStagePosition position : positions.getPositionList().getPositions()) {
      double distanceUm = Math.hypot(position.getX() - stageUm[0], position.getY() - stageUm[1]);
      if (distanceUm <= nearestUm && position.getLabel() != null && !position.getLabel().isEmpty()) {
        nearest = position;
        nearestUm = distanceUm;
      }
    }
    return Site.ofLabel(
        nearest != null ? nearest.getLabel() : "x" + Math.round(stageUm[0]) + "_y" + Math.round(stageUm[1]));
  }
}
