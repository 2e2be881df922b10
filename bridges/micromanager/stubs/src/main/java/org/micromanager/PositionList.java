package org.micromanager;

import java.util.ArrayList;
import java.util.List;

/** The stage positions of an acquisition. */
public class PositionList {
  private final List<MultiStagePosition> positions = new ArrayList<>();

  public PositionList() {}

  public void addPosition(MultiStagePosition pos) {
    positions.add(pos);
  }

  public MultiStagePosition[] getPositions() {
    return positions.toArray(new MultiStagePosition[0]);
  }
}
