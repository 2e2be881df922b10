package org.parfocal.micromanager;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** The frames that have no answer yet, and what became of the others. */
final class Ledger {
  private static final int MAX_OBSERVED = 1024;
  private static final String CLOSED = "the connection was closed";

  private final Counters counters = new Counters();
  private boolean isClosed;
  private final Map<String, Ticket> tickets = new HashMap<>();
  private final Map<String, FrameHeader> observed =
      new LinkedHashMap<String, FrameHeader>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, FrameHeader> eldest) {
          return size() > MAX_OBSERVED;
        }
      };

  synchronized Counters counters() {
    return counters.copy();
  }

  synchronized void observes(String id, FrameHeader header) {
    observed.put(id, header);
  }

  /** A ticket to wait with for the answer to a frame. */
  synchronized Ticket awaits(String id) {
    Ticket ticket = new Ticket();
    tickets.put(id, ticket);
    if (isClosed) {
      ticket.refuse(CLOSED);
    }
    return ticket;
  }

  /** No answer comes any more: nobody is to wait for one. */
  synchronized void close() {
    isClosed = true;
    tickets.values().forEach(ticket -> ticket.refuse(CLOSED));
  }

  /** Nobody waits for this frame any more; {@code isScored}: it got its verdict. */
  synchronized void settles(String id, boolean isScored) {
    tickets.remove(id);
    if (isScored) {
      counters.scored++;
    } else {
      counters.unscored++;
    }
  }

  synchronized void unscored() {
    counters.unscored++;
  }

  synchronized void sent() {
    counters.sent++;
  }

  synchronized void error() {
    counters.errors++;
  }

  /** An observed frame was never sent; false if it is none. */
  synchronized boolean lost(String id) {
    boolean isObserved = observed.remove(id) != null;
    counters.dropped += isObserved ? 1 : 0;
    return isObserved;
  }

  synchronized void dropped() {
    counters.dropped++;
  }

  /** Takes in a verdict; returns the header of the observed frame that it is about, or null. */
  synchronized FrameHeader verdict(Verdict verdict) {
    Ticket ticket = tickets.get(verdict.id);
    if (ticket != null) {
      ticket.answer(verdict);
      return null;
    }
    FrameHeader header = observed.remove(verdict.id);
    if (header == null) {
      counters.late++;
    } else {
      counters.scored++;
    }
    return header;
  }

  /** A frame gets no verdict; true if it is an observed one. {@code id} may be null. */
  synchronized boolean noVerdict(String id, String why, boolean isDrop) {
    Ticket ticket = tickets.get(id);
    if (ticket != null) {
      ticket.refuse(why);
      return false;
    }
    boolean isObserved = observed.remove(id) != null;
    counters.dropped += isObserved && isDrop ? 1 : 0;
    return isObserved;
  }
}
