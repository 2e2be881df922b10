package org.micromanager;

/** A place of the stages, with a name. */
public final class MultiStagePosition {
  private final double x;
  private final double y;
  private String label = "";

  public MultiStagePosition(String xyStage, double x, double y, String zStage, double z) {
    this.x = x;
    this.y = y;
  }

  public String getLabel() {
    return label;
  }

  public void setLabel(String lab) {
    label = lab;
  }

  public double getX() {
    return x;
  }

  public double getY() {
    return y;
  }
}
