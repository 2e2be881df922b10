package org.parfocal.testserver;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/**
 * What stands on the bench: the state of the microscope, the faults that a test asked for, and a count of every call.
 * Read and written by the server's threads and by the control channel.
 */
final class Bench {
  /** Where the beads are in focus, um. */
  volatile double focusUm = 0;
  volatile double zUm = 0;
  volatile double minZUm = -100;
  volatile double maxZUm = 100;
  volatile double xUm = 0;
  volatile double yUm = 0;
  volatile double exposureMs = 10;
  volatile double pixelUm = 0.65;
  /** What every call takes, ms. */
  volatile double slowMs = 0;
  /** Whether a continuous focus lock is on. */
  volatile boolean lock = false;
  /** Whether live mode has the camera. */
  volatile boolean live = false;
  /** Whether the focus drive ignores moves. */
  volatile boolean stuck = false;
  /** Whether the focus drive reports z with the wrong sign. */
  volatile boolean isReversed = false;
  /** Whether Studio has an autofocus method, and the core an autofocus device. */
  volatile boolean studioAutofocus = true;
  volatile boolean coreAutofocus = true;
  /** How far from focus autofocus ends, um. */
  volatile double autofocusErrorUm = 0.2;
  /** Whether a multi-dimensional acquisition of Studio's runs. */
  volatile boolean running = false;
  volatile boolean paused = false;

  final List<Double> moves = Collections.synchronizedList(new ArrayList<>());
  final List<Boolean> pauses = Collections.synchronizedList(new ArrayList<>());
  private final Map<String, Integer> calls = Collections.synchronizedMap(new TreeMap<>());
  private final Set<String> hanging = ConcurrentHashMap.newKeySet();
  private final Map<String, String> failing = new ConcurrentHashMap<>();

  /** Every method that a client can call begins with this. */
  void enter(String method) {
    calls.merge(method, 1, Integer::sum);
    if (hanging.contains(method)) waitForEver();
    if (slowMs > 0) LockSupport.parkNanos((long) (slowMs * 1e6));
  }

  /** Like {@link #enter}, for methods that may throw. */
  void enterChecked(String method) throws Exception {
    enter(method);
    String message = failing.get(method);
    if (message != null) throw new Exception(message);
  }

  void hang(String method) {
    hanging.add(method);
  }

  void fail(String method, String message) {
    failing.put(method, message);
  }

  void heal() {
    hanging.clear();
    failing.clear();
  }

  Map<String, Integer> calls() {
    synchronized (calls) {
      return new TreeMap<>(calls);
    }
  }

  void moveTo(double um) throws Exception {
    if (um < minZUm || um > maxZUm) {
      throw new Exception("Error in device \"Z\": Requested position is outside of the limits (103)");
    }
    moves.add(um);
    if (!stuck) zUm = um;
  }

  private static void waitForEver() {
    while (true) {
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException ignored) {
        // A call that never returns does not return when it is interrupted.
      }
    }
  }
}
