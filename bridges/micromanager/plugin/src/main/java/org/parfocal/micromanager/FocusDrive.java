package org.parfocal.micromanager;

import mmcorej.CMMCore;

/** The focus drive while no focus lock is engaged. It is never moved against one that is. */
final class FocusDrive implements FocusAxis {
  /** From a move as long as this on, um, its direction can be told from what the drive reports. */
  private static final double NOTICEABLE_UM = 0.2;
  /** A drive runs the other way if it reports at least this share of a move with the opposite sign. */
  private static final double REVERSED_SHARE = 0.25;

  private final CMMCore core;
  private final LockDevice lock;
  private final ZLimits limits;
  /** Null as long as the drive reports its moves with the right sign. */
  private String whyReversed;

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
      step(viaUm);
    }
    step(toUm);
  }

  /** One move. A drive that reports it with the opposite sign is sent back, and not moved again. */
  private void step(double toUm) throws DriveException {
    if (whyReversed != null) {
      throw new DriveException(AbandonReason.DRIVE, whyReversed);
    }
    Double beforeUm = zUm();
    set(toUm);
    Double afterUm = zUm();
    if (beforeUm == null || afterUm == null) {
      return;
    }
    double askedUm = toUm - beforeUm;
    double madeUm = afterUm - beforeUm;
    boolean isOpposite = madeUm * askedUm < 0 && Math.abs(madeUm) >= REVERSED_SHARE * Math.abs(askedUm);
    if (Math.abs(askedUm) >= NOTICEABLE_UM && isOpposite) {
      whyReversed = "the focus drive runs the other way: told to move by " + askedUm + " um it reports " + madeUm
          + " um, so it is not moved any more; check the sign of its position";
      set(toUm + madeUm);
      throw new DriveException(AbandonReason.DRIVE, whyReversed);
    }
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
