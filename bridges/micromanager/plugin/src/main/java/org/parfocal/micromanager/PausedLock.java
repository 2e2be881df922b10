package org.parfocal.micromanager;

/** The focus drive of an engaged lock that is switched off for each move and has to hold again after it. */
final class PausedLock implements FocusAxis {
  /** The lock may trim a move by this much, um, or half of it if that is more. */
  private static final double TRIM_UM = 0.5;

  private final FocusDrive drive;
  private final LockDevice lock;

  PausedLock(FocusDrive drive, LockDevice lock) {
    this.drive = drive;
    this.lock = lock;
  }

  @Override
  public Double zUm() {
    return drive.zUm();
  }

  @Override
  public ZLimits limits() {
    return drive.limits();
  }

  @Override
  public FocusLock lock() {
    return lock.report(LockHandling.PAUSE);
  }

  @Override
  public void moveTo(double toUm, Double viaUm) throws DriveException {
    Double fromUm = zUm();
    lock.engage(false);
    try {
      drive.moveTo(toUm, viaUm);
    } finally {
      lock.engage(true);
    }
    if (!lock.awaitHold()) {
      throw lock.lost("again after a move to " + toUm + " um");
    }
    Double atUm = zUm();
    boolean isKnown = atUm != null && fromUm != null;
    if (isKnown && Math.abs(atUm - toUm) > Math.max(TRIM_UM, Math.abs(toUm - fromUm) / 2)) {
      String message = "the focus lock took the drive from " + toUm + " to " + atUm + " um";
      throw new DriveException(AbandonReason.LOCK, message);
    }
  }
}
