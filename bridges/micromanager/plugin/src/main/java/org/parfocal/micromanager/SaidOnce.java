package org.parfocal.micromanager;

import java.util.HashSet;
import java.util.Set;

/** What a camera or an agent may repeat with every frame, and a person needs to read once. */
final class SaidOnce {
  private static final int MAX = 100;

  private final Set<String> said = new HashSet<>();

  /** True the first time that this is asked of a text; false also once there are too many. */
  synchronized boolean isNews(String text) {
    return said.size() < MAX && said.add(text);
  }
}
