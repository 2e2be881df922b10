package org.parfocal.micromanager;

/** The focus drive while a lock holds it and nothing says how to move it in spite of that: it is not moved. */
final class HeldDrive implements FocusAxis {
  private final FocusDrive drive;
  private final LockDevice lock;

  HeldDrive(FocusDrive drive, LockDevice lock) {
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
    return lock.report(LockHandling.NONE);
  }

  @Override
  public void moveTo(double toUm, Double viaUm) throws DriveException {
    throw new DriveException(AbandonReason.LOCK, "a focus lock is engaged: the drive is not moved against it");
  }
}
