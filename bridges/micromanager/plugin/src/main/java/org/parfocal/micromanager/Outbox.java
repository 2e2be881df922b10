package org.parfocal.micromanager;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;

/** What waits to be sent: messages without pixels, then frames, of those that nobody awaits the newest only. */
final class Outbox {
  /** How sites ended waits for an agent that is away. */
  private static final int MAX_NOTES = 10_000;

  private final int maxObserved;
  private final Deque<byte[]> notes = new ArrayDeque<>();
  private final Deque<Parcel> parcels = new ArrayDeque<>();

  Outbox(int maxObserved) {
    this.maxObserved = maxObserved;
  }

  /** Queues a message without pixels; when there are too many, the oldest goes. */
  synchronized void putNote(byte[] note) {
    if (notes.size() >= MAX_NOTES) {
      notes.removeFirst();
    }
    notes.addLast(note);
  }

  /** Queues a frame; returns the one that had to go for it, or null. */
  synchronized Parcel put(Parcel parcel) {
    Parcel lost = null;
    if (!parcel.isAwaited) {
      long observed = parcels.stream().filter(item -> !item.isAwaited).count();
      if (observed >= maxObserved) {
        lost = parcels.stream().filter(item -> !item.isAwaited).findFirst().get();
        parcels.remove(lost);
      }
    }
    parcels.addLast(parcel);
    return lost;
  }

  /** Forgets a frame that has not left yet. */
  synchronized void takeBack(String id) {
    for (Iterator<Parcel> items = parcels.iterator(); items.hasNext(); ) {
      if (items.next().id.equals(id)) {
        items.remove();
      }
    }
  }

  synchronized boolean isEmpty() {
    return notes.isEmpty() && parcels.isEmpty();
  }

  /** Sends what waits, in order, until one of the two says that no more goes; neither may wait. */
  synchronized void send(Predicate<byte[]> sendNote, Predicate<Parcel> sendFrame) {
    while (!notes.isEmpty()) {
      if (!sendNote.test(notes.peekFirst())) {
        return;
      }
      notes.removeFirst();
    }
    while (!parcels.isEmpty() && sendFrame.test(parcels.peekFirst())) {
      parcels.removeFirst();
    }
  }

  /** Empties the box; returns the frames that never left. */
  synchronized List<Parcel> clear() {
    List<Parcel> left = new ArrayList<>(parcels);
    parcels.clear();
    notes.clear();
    return left;
  }
}
