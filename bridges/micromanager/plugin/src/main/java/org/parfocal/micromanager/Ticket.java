package org.parfocal.micromanager;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A frame that somebody waits for. */
final class Ticket {
  /** A wait that ends so much too late was held up. */
  private static final long LATE_MS = 100;
  /** How long what waited is then given to be read. */
  private static final long LAST_LOOK_MS = 250;

  private final CountDownLatch done = new CountDownLatch(1);
  private volatile Verdict verdict;
  private volatile String answer = "no answer in time";

  void answer(Verdict given) {
    verdict = given;
    done.countDown();
  }

  /** @param why what came instead of a verdict. */
  void refuse(String why) {
    answer = why;
    done.countDown();
  }

  /**
   * Waits for an answer of either kind; false if there is none in time. A wait that ends late was held up with the
   * whole process, and the answer may have come in time and lie unread: it gets a last look. An interrupt ends the
   * wait, too.
   */
  boolean await(long maxMs) {
    long endMs = Presence.nowMs() + maxMs;
    try {
      if (done.await(maxMs, TimeUnit.MILLISECONDS)) {
        return true;
      }
      boolean isLate = Presence.nowMs() - endMs > LATE_MS;
      return isLate && done.await(LAST_LOOK_MS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Null if there is none. */
  Verdict verdict() {
    return verdict;
  }

  /** Why there is no verdict. */
  String why() {
    return answer;
  }
}
