package org.parfocal.micromanager;

import mmcorej.CMMCore;
import org.micromanager.PositionListManager;

/** What an autofocus needs of the microscope, as the core reports it. */
final class Microscope {
  private final CMMCore core;
  private final PositionNames names;

  Microscope(CMMCore core, PositionListManager positions) {
    this.core = core;
    names = new PositionNames(core, positions);
  }

  /** Waits until everything that was told to move stands: whoever calls may have sent the stage on just before. */
  void await() throws Exception {
    core.waitForSystem();
  }

  Camera camera() {
    return new Camera(core);
  }

  /** What a search moves now: the drive, or what stands in for it while a focus lock is engaged. */
  FocusAxis axis(Settings settings) throws DriveException {
    LockDevice lock = new LockDevice(core, settings.lockTimeoutMs);
    FocusDrive drive = new FocusDrive(core, lock, settings.zLimits);
    if (!lock.isEngaged()) {
      return drive;
    }
    // It may just have been switched on, or still be following a move of the stage.
    lock.awaitHold();
    if (settings.lock == LockHandling.PAUSE) {
      return new PausedLock(drive, lock);
    }
    // The drive refuses moves against a lock by itself.
    return settings.lock == LockHandling.OFFSET && settings.isOffsetUsable()
        ? new LockOffset(lock, settings.umPerOffsetUnit, settings.offsetLimits)
        : drive;
  }

  /** Describes a frame that is about to be, or was just, taken; what the core does not know is left out. */
  FrameHeader describe(int attempt, FocusAxis axis, Settings settings) {
    FrameHeader header = place(attempt);
    header.zUm = axis.zUm();
    header.isZMeasured = true;
    header.limits = axis.limits();
    header.lock = axis.lock();
    header.pixelUm = core.getPixelSizeUm();
    header.exposureMs = exposureMs();
    header.bitDepth = (int) core.getImageBitDepth();
    header.na = settings.na;
    header.timestampMs = System.currentTimeMillis();
    return header;
  }

  /** Which site and channel a frame is of, and no more. */
  FrameHeader place(int attempt) {
    double[] stageUm = names.stageUm();
    FrameHeader header = new FrameHeader(names.siteAt(stageUm), attempt, channel());
    if (stageUm != null) {
      header.xUm = stageUm[0];
      header.yUm = stageUm[1];
    }
    return header;
  }

  /** Position of the focus drive, um; NaN if it does not say. */
  double driveZUm() {
    try {
      return core.getPosition(core.getFocusDevice());
    } catch (Exception e) {
      return Double.NaN;
    }
  }

  /** Runs the autofocus of the hardware; it may end outside the limits. */
  void autofocus() throws DriveException {
    String device = core.getAutoFocusDevice();
    if (device == null || device.isEmpty()) {
      throw new DriveException(AbandonReason.AUTOFOCUS, "the microscope has no autofocus of its own");
    }
    try {
      core.fullFocus();
      core.waitForDevice(device);
    } catch (Exception e) {
      throw new DriveException(AbandonReason.AUTOFOCUS, "the autofocus of the microscope failed: " + e.getMessage(), e);
    }
  }

  private String channel() {
    try {
      String group = core.getChannelGroup();
      return group == null || group.isEmpty() ? null : core.getCurrentConfig(group);
    } catch (Exception e) {
      return null;
    }
  }

  private Double exposureMs() {
    try {
      return core.getExposure();
    } catch (Exception e) {
      return null;
    }
  }
}
