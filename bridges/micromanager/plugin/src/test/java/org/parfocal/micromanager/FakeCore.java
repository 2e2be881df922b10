package org.parfocal.micromanager;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import mmcorej.CMMCore;
import mmcorej.TaggedImage;
import mmcorej.org.json.JSONObject;

/**
 * A microscope without native code: a camera that sees beads in focus at z = 0 um, a focus drive, a stage, a focus
 * lock. A method that is not here ends in an UnsatisfiedLinkError.
 */
public class FakeCore extends CMMCore {
  final Beads beads = new Beads();
  final List<Double> moves = Collections.synchronizedList(new ArrayList<>());
  /** Moves of the drive while the lock was on: must stay empty. */
  final List<Double> movesAgainstLock = Collections.synchronizedList(new ArrayList<>());

  volatile double zUm;
  volatile double xUm;
  volatile double yUm;
  volatile int snaps;
  volatile boolean isCameraBroken;
  /** The drive throws if sent above. */
  volatile double driveEndUm = Double.POSITIVE_INFINITY;
  volatile Runnable beforeSnap = () -> {};
  volatile Runnable beforeDescription = () -> {};
  /** What the camera gives in place of beads; null: beads. */
  volatile Object otherPixels;

  volatile String lockDevice = "";
  volatile boolean isLockOn;
  volatile boolean isLockHolding = true;
  /** The lock holds again after it was switched off and on. */
  volatile boolean isLockComingBack = true;
  /** Where the lock takes the drive when it is switched on, um; null: it stays. */
  volatile Double lockPullsToUm;
  /** In the device's units, of 0.1 um each. */
  volatile double offset;

  private volatile double hardwareFocusUm = Double.NaN;

  public FakeCore() {
    super(0, false);
  }

  /** Gives the microscope a focus lock, switched on. */
  void engageLock() {
    lockDevice = "PFS";
    isLockOn = true;
  }

  /** Gives the microscope an autofocus of its own that ends here, um; NaN: it fails. */
  void autofocusTo(double z) {
    lockDevice = "PFS";
    hardwareFocusUm = z;
  }

  /** Where focus is, um from the beads. */
  double defocusUm() {
    return zUm + 0.1 * offset;
  }

  @Override
  public void snapImage() throws Exception {
    beforeSnap.run();
    if (isCameraBroken) {
      throw new Exception("the camera is off");
    }
    isBlurredByMotion |= stageTargetUm != null;
    snaps++;
  }

  @Override
  public TaggedImage getTaggedImage() throws Exception {
    JSONObject tags = new JSONObject().put("Width", Beads.SIDE_PX).put("Height", Beads.SIDE_PX);
    Object pixels = otherPixels == null ? beads.image(defocusUm(), xUm, yUm) : otherPixels;
    return new TaggedImage(pixels, tags.put("PixelType", "GRAY16"));
  }

  @Override
  public long getImageWidth() {
    return Beads.SIDE_PX;
  }

  @Override
  public long getImageHeight() {
    return Beads.SIDE_PX;
  }

  @Override
  public long getImageBitDepth() {
    return 16;
  }

  @Override
  public double getPixelSizeUm() {
    beforeDescription.run();
    return Beads.PIXEL_UM;
  }

  @Override
  public double getExposure() {
    return 10;
  }

  @Override
  public String getChannelGroup() {
    return "Channel";
  }

  @Override
  public String getCurrentConfig(String group) {
    return "DAPI";
  }

  @Override
  public String getFocusDevice() {
    return "Z";
  }

  @Override
  public double getPosition(String device) {
    return isReversed ? -zUm : zUm;
  }

  @Override
  public void setPosition(String device, double z) throws Exception {
    if (isLockOn) {
      movesAgainstLock.add(z);
    }
    if (z > driveEndUm) {
      throw new Exception("the drive is at its end");
    }
    moves.add(z);
    zUm = z;
  }

  @Override
  public String getXYStageDevice() {
    return "XY";
  }

  @Override
  public double getXPosition(String device) {
    return xUm;
  }

  @Override
  public double getYPosition(String device) {
    return yUm;
  }

  /** The stage is on its way to here, [x, y] in um, and arrives when somebody waits for it; null: it stands. */
  volatile double[] stageTargetUm;
  /** The stage was moving when an image was taken. */
  volatile boolean isBlurredByMotion;
  /** The drive reports its z with the opposite sign. */
  volatile boolean isReversed;

  @Override
  public void waitForDevice(String device) {}

  /** The stage does not arrive. */
  volatile boolean isStageStuck;

  @Override
  public void waitForSystem() throws Exception {
    if (isStageStuck) {
      throw new Exception("Wait for device \"XY\" timed out after 5000ms");
    }
    double[] target = stageTargetUm;
    if (target != null) {
      xUm = target[0];
      yUm = target[1];
      stageTargetUm = null;
    }
  }

  @Override
  public String getAutoFocusDevice() {
    return lockDevice;
  }

  @Override
  public void fullFocus() throws Exception {
    if (Double.isNaN(hardwareFocusUm)) {
      throw new Exception("no reflection found");
    }
    moves.add(hardwareFocusUm);
    zUm = hardwareFocusUm;
  }

  @Override
  public boolean isContinuousFocusEnabled() {
    return isLockOn;
  }

  @Override
  public boolean isContinuousFocusLocked() {
    return isLockOn && isLockHolding;
  }

  @Override
  public void enableContinuousFocus(boolean isOn) {
    boolean isSwitchedOn = isOn && !isLockOn;
    isLockOn = isOn;
    isLockHolding = isLockHolding && isLockComingBack;
    if (isSwitchedOn && lockPullsToUm != null) {
      zUm = lockPullsToUm;
    }
  }

  @Override
  public double getAutoFocusOffset() {
    return offset;
  }

  @Override
  public void setAutoFocusOffset(double units) {
    offset = units;
  }
}
