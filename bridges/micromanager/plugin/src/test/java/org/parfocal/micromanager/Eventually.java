package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for what happens in another thread or process. */
final class Eventually {
  private static final long MAX_NS = TimeUnit.SECONDS.toNanos(30);

  private Eventually() {}

  static void holds(BooleanSupplier condition, String what) {
    long endNs = System.nanoTime() + MAX_NS;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - endNs >= 0) {
        fail("did not happen: " + what);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
  }
}
