package org.parfocal.micromanager;

/** The offset of an engaged focus lock: where it moves, the lock moves the drive. Its z is that of the offset, um. */
final class LockOffset implements FocusAxis {
  private final LockDevice lock;
  private final double umPerUnit;
  private final ZLimits limits;

  /** @param umPerUnit how far focus moves, um, when the offset grows by one of its device's units; not 0. */
  LockOffset(LockDevice lock, double umPerUnit, ZLimits limits) {
    this.lock = lock;
    this.umPerUnit = umPerUnit;
    this.limits = limits;
  }

  @Override
  public Double zUm() {
    try {
      return lock.offset() * umPerUnit;
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
    return lock.report(LockHandling.OFFSET);
  }

  @Override
  public void moveTo(double toUm, Double viaUm) throws DriveException {
    if (!lock.isEngaged()) {
      throw new DriveException(AbandonReason.LOCK, "the focus lock went off: its offset moves nothing");
    }
    if (viaUm != null) {
      set(viaUm);
    }
    set(toUm);
  }

  private void set(double zUm) throws DriveException {
    try {
      lock.setOffset(zUm / umPerUnit);
    } catch (Exception e) {
      String message = "the offset of the focus lock did not go to " + zUm + " um: " + e.getMessage();
      throw new DriveException(AbandonReason.LOCK, message, e);
    }
    if (!lock.awaitHold()) {
      throw lock.lost("with its offset at " + zUm + " um");
    }
  }
}
