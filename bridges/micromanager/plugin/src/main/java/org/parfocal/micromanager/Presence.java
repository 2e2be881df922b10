package org.parfocal.micromanager;

/**
 * Whether it makes sense to wait for the agent. Waiting ends after {@code missesAllowed} frames in a row without an
 * answer, after the agent's {@code bye}, and after three seconds of silence, which counts only while the link listens;
 * it resumes with the agent's next {@code welcome} or heartbeat. An agent that is there but too slow is tried again
 * after 1, 2, 4 ... 30 s, with one frame each time. Times are those of a monotonic clock, ms.
 */
final class Presence {
  static final long SILENCE_MS = 3000;
  /** How often the link listens. Where it was held up for longer, what the agent said meanwhile lies unread. */
  private static final long LISTENS_MS = 1000;
  private static final long MAX_PAUSE_MS = 30_000;

  private final int missesAllowed;
  private long silenceMs;
  private long listenedMs;
  private int misses;
  private long pauseMs;
  private long pausedUntilMs = Long.MIN_VALUE;
  private boolean isHere;
  private boolean saidBye;

  Presence(long nowMs, int missesAllowed) {
    listenedMs = nowMs;
    this.missesAllowed = missesAllowed;
  }

  /** The clock for all times here, ms. */
  static long nowMs() {
    return System.nanoTime() / 1_000_000;
  }

  /** The agent was heard and has neither left nor gone silent. */
  boolean isHere(long nowMs) {
    return isHere && !isSilent(nowMs);
  }

  /** A frame may wait for its verdict. */
  boolean isWorthWaiting(long nowMs) {
    return !saidBye && !isSilent(nowMs) && nowMs >= pausedUntilMs;
  }

  /** All that had come was read. */
  void listened(long nowMs) {
    silenceMs = silenceUntil(nowMs);
    listenedMs = nowMs;
  }

  /** An answer came. After the agent's {@code bye} that may still be one to an earlier frame. */
  void heard(long nowMs) {
    if (!saidBye) {
      isBack(nowMs);
    }
  }

  /** A heartbeat came. */
  void isBack(long nowMs) {
    if (!isHere(nowMs)) {
      forgive();
    }
    silenceMs = 0;
    listenedMs = nowMs;
    isHere = true;
    saidBye = false;
  }

  /** {@code welcome} came: the agent is new, or sees this controller as new. */
  void welcomed(long nowMs) {
    forgive();
    isBack(nowMs);
  }

  /** {@code bye} came. */
  void left() {
    isHere = false;
    saidBye = true;
  }

  /** A frame was answered in time. */
  void answered() {
    misses = 0;
    pauseMs = 0;
  }

  /** A frame was not answered in time. */
  void missed(long nowMs) {
    misses++;
    if (misses >= missesAllowed) {
      pauseMs = Math.min(MAX_PAUSE_MS, Math.max(1000, 2 * pauseMs));
      pausedUntilMs = nowMs + pauseMs;
    }
  }

  private boolean isSilent(long nowMs) {
    return silenceUntil(nowMs) > SILENCE_MS;
  }

  private long silenceUntil(long nowMs) {
    return silenceMs + Math.min(nowMs - listenedMs, LISTENS_MS);
  }

  private void forgive() {
    misses = 0;
    pauseMs = 0;
    pausedUntilMs = Long.MIN_VALUE;
  }
}
