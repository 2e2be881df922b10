package org.parfocal.micromanager;

import mmcorej.CMMCore;

/** The focus drive while no focus lock is engaged. It is never moved against one that is. */
final class FocusDrive implements FocusAxis {
  private final CMMCore core;
  private final LockDevice lock;
  private final ZLimits limits;

  FocusDrive(CMMCore core, LockDevice lock, ZLimits limits) {
    this.core = core;
    this.lock = lock;
    this.limits = limits;
  }

  @Override
  public Double zUm() {
    try {
      String drive = core.getFocusDevice();
      return drive == null || drive.isEmpty() ? null : (Double) core.getPosition(drive);
    } catch (Exception e) {
      return null;
    }
  }

  @Override
  public ZLimits limits() {
    return limits;
  }

  @Override
  public FocusLock lock() {
    return lock.report(LockHandling.NONE);
  }

  @Override
  public void moveTo(double toUm, Double viaUm) throws DriveException {
    // Asked before each move: a lock may have been switched on in the meantime.
    if (lock.isEngaged()) {
      throw new DriveException(AbandonReason.LOCK, "a focus lock is engaged: the drive is not moved against it");
    }
    if (viaUm != null) {
      set(viaUm);
    }
    set(toUm);
  }

  private void set(double zUm) throws DriveException {
    try {
      String drive = core.getFocusDevice();
      core.setPosition(drive, zUm);
      core.waitForDevice(drive);
    } catch (Exception e) {
      String message = "the focus drive did not go to " + zUm + " um: " + e.getMessage();
      throw new DriveException(AbandonReason.DRIVE, message, e);
    }
  }
}
