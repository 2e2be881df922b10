package org.parfocal.micromanager;

/** Images that nobody waited for and that got no verdict: the log says when that begins, and how many they were. */
final class Unjudged {
  private final Log log;
  private long images;

  Unjudged(Log log) {
    this.log = log;
  }

  synchronized void add(String why) {
    if (images++ == 0) {
      log.warn("images are not judged: " + why + "; their number follows", null);
    }
  }

  /** An acquisition, or the connection, is over. */
  synchronized void sum() {
    if (images > 0) {
      log.warn(images + (images == 1 ? " image was" : " images were") + " not judged", null);
      images = 0;
    }
  }
}
