package org.parfocal.micromanager;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A frame that somebody waits for. */
final class Ticket {
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

  /** Waits for an answer of either kind; false if there is none in time. An interrupt ends the wait, too. */
  boolean await(long maxMs) {
    try {
      return done.await(maxMs, TimeUnit.MILLISECONDS);
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
