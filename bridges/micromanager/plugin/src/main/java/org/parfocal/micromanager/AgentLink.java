package org.parfocal.micromanager;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The thread that owns the socket to the agent. Callers hand over what is to be sent and never wait. */
final class AgentLink {
  static final long HEARTBEAT_MS = 1000;
  private static final int RECEIVE_BATCH = 64;
  private static final long STUMBLE_PAUSE_MS = 200;
  /** Beats until an address that could not be used is tried again: a name may be known later. */
  private static final int BEATS_UNTIL_NEXT_TRY = 5;

  /** Makes the socket to an address. */
  interface Opener {
    AgentSocket open(String address) throws IOException;
  }

  /** What happens on the link, called in its thread. */
  interface Listener {
    void received(byte[] part);

    void sent(Parcel parcel);

    void lost(Parcel parcel);

    /** What to say now, once a second, after all that had come was read. */
    byte[] beat();

    byte[] goodbye();
  }

  private final String address;
  private final Opener opener;
  private final Listener listener;
  private final Log log;
  private final Outbox outbox;
  private final Thread thread;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private volatile AgentSocket socket;
  private byte[] beat;
  private long beatAtMs = Presence.nowMs();

  /** @param maxObserved frames that nobody awaits and that may wait to be sent; the newest are kept. */
  AgentLink(String address, int maxObserved, Listener listener, Log log) {
    this(address, AgentSocket::new, maxObserved, listener, log);
  }

  AgentLink(String address, Opener opener, int maxObserved, Listener listener, Log log) {
    this.address = address;
    this.opener = opener;
    this.listener = listener;
    this.log = log;
    outbox = new Outbox(maxObserved);
    thread = new Thread(this::run, "parfocal-link");
    thread.setDaemon(true);
    thread.start();
  }

  void put(Parcel parcel) {
    Parcel lost = outbox.put(parcel);
    if (lost != null) {
      listener.lost(lost);
    }
    wake();
  }

  void putNote(byte[] note) {
    outbox.putNote(note);
    wake();
  }

  void takeBack(String id) {
    outbox.takeBack(id);
  }

  /** Says {@code bye} and ends the thread; waits for that for two seconds at most. */
  void stop() {
    stopping.countDown();
    wake();
    try {
      thread.join(2000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isStopping() {
    return stopping.getCount() == 0;
  }

  private void wake() {
    AgentSocket current = socket;
    if (current != null) {
      current.wake();
    }
  }

  private void run() {
    boolean saidUnusable = false;
    while (!isStopping()) {
      try (AgentSocket opened = opener.open(address)) {
        talk(opened);
      } catch (IOException | RuntimeException e) {
        if (!saidUnusable) {
          saidUnusable = true;
          log.warn("the connection to the agent cannot be used, it is tried again: " + e.getMessage(), e);
        }
      }
      socket = null;
      awaitNextTry();
    }
    outbox.clear().forEach(listener::lost);
  }

  private void talk(AgentSocket opened) throws IOException {
    socket = opened;
    while (!isStopping()) {
      turn(opened);
    }
    socket = null;
    if (opened.send(listener.goodbye())) {
      opened.close(true);
    }
  }

  /**
   * Without a socket nothing is sent, and what comes in the meantime stays bounded. The beat goes on, though nobody
   * hears it: by it the listener knows that the agent is silent.
   */
  private void awaitNextTry() {
    try {
      for (int i = 0; i < BEATS_UNTIL_NEXT_TRY && !stopping.await(HEARTBEAT_MS, TimeUnit.MILLISECONDS); i++) {
        listener.beat();
      }
    } catch (InterruptedException e) {
      stopping.countDown();
    }
  }

  private void turn(AgentSocket opened) {
    try {
      boolean isToSend = beat != null || !outbox.isEmpty();
      opened.await(isToSend, beatAtMs - Presence.nowMs());
      receive(opened);
      if (Presence.nowMs() >= beatAtMs) {
        beatAtMs = Presence.nowMs() + HEARTBEAT_MS;
        beat = listener.beat();
      }
      if (beat != null && opened.send(beat)) {
        beat = null;
      }
      send(opened);
    } catch (IOException | RuntimeException e) {
      log.warn("the connection to the agent stumbled and goes on", e);
      pause();
    }
  }

  private void pause() {
    try {
      stopping.await(STUMBLE_PAUSE_MS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void receive(AgentSocket opened) {
    for (int i = 0; i < RECEIVE_BATCH; i++) {
      byte[] part = opened.receive();
      if (part == null) {
        return;
      }
      listener.received(part);
    }
  }

  private void send(AgentSocket opened) {
    List<Parcel> sent = new ArrayList<>();
    outbox.send(opened::send, parcel -> opened.send(parcel.head, parcel.pixels) && sent.add(parcel));
    sent.forEach(listener::sent);
  }
}
