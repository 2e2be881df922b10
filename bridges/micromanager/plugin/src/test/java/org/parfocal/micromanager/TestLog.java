package org.parfocal.micromanager;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Keeps what was logged. */
final class TestLog implements Log {
  final List<String> lines = Collections.synchronizedList(new ArrayList<>());

  @Override
  public void info(String message) {
    lines.add(message);
  }

  @Override
  public void warn(String message, Throwable cause) {
    lines.add(message);
  }

  boolean has(String part) {
    synchronized (lines) {
      return lines.stream().anyMatch(line -> line.contains(part));
    }
  }
}
