package org.parfocal.micromanager;

import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;

/**
 * One microscope's connection to the agent. {@link #offer} and {@link #score} may be called from any thread; neither
 * throws because of the agent. A frame without a verdict is <i>unscored</i>, and the acquisition goes on.
 */
final class FocusClient implements AgentLink.Listener {
  /** How much longer than its deadline a frame is waited for, ms: the way there and back. */
  static final int GRACE_MS = 100;
  private static final int MISSES_UNTIL_DEGRADED = 3;
  private static final int MAX_OBSERVED_IN_OUTBOX = 4;

  final String session = UUID.randomUUID().toString();
  private final Log log;
  private final BiConsumer<FrameHeader, Verdict> onObserved;
  private final BooleanSupplier isAcquiring;
  private final ReentrantLock oneAtATime = new ReentrantLock();
  private final CountDownLatch arrived = new CountDownLatch(1);
  private final Ledger ledger = new Ledger();
  private final SaidOnce errors = new SaidOnce();
  private final Unjudged unjudged;
  private final byte[] hello;
  private final AgentLink link;

  // Guarded by this.
  private final Presence presence = new Presence(Presence.nowMs(), MISSES_UNTIL_DEGRADED);
  private long sequence;
  private boolean saidDegraded;
  private boolean isClosed;
  private Welcome welcome;

  /**
   * @param address where the agent takes frames, "tcp://host:port".
   * @param version of this program.
   * @param onObserved called with each offered frame and its verdict, in the thread of the link; must return soon.
   * @param isAcquiring whether an acquisition runs; asked once a second, in the thread of the link.
   */
  FocusClient(
      String address, String version, Log log, BiConsumer<FrameHeader, Verdict> onObserved, BooleanSupplier isAcquiring) {
    this.log = log;
    this.onObserved = onObserved;
    this.isAcquiring = isAcquiring;
    unjudged = new Unjudged(log);
    hello = ControllerMessages.hello(session, version);
    link = new AgentLink(address, MAX_OBSERVED_IN_OUTBOX, this, log);
  }

  /** Sends a frame that nobody waits for, and returns at once. */
  void offer(Pixels pixels, FrameHeader header) {
    synchronized (this) {
      if (isClosed) {
        ledger.dropped();
        return;
      }
    }
    Parcel parcel = parcel(pixels, header, Mode.OBSERVE, null, false);
    ledger.observes(parcel.id, header);
    link.put(parcel);
  }

  /**
   * The verdict on a frame; null if there is none within the deadline and {@link #GRACE_MS}. Waits for a call of
   * another thread as long at most.
   *
   * @param deadlineMs time that the agent has, ms.
   */
  Verdict score(Pixels pixels, FrameHeader header, Mode mode, int deadlineMs) {
    boolean isMine = false;
    try {
      isMine = oneAtATime.tryLock(deadlineMs + GRACE_MS, TimeUnit.MILLISECONDS);
      if (isMine && isWorthWaiting()) {
        return scoreAlone(pixels, header, mode, deadlineMs);
      }
      offer(pixels, header);
      ledger.unscored();
      log.info(header.site + ": unscored (" + (isMine ? "the agent is away" : "another frame waits") + ")");
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      ledger.unscored();
      return null;
    } finally {
      if (isMine) {
        oneAtATime.unlock();
      }
    }
  }

  /** Tells the agent that the site of {@code header} ends here, though it asked for more. */
  void abandon(FrameHeader header, AbandonReason why, String reason) {
    link.putNote(ControllerMessages.abandon(session, header, why, reason));
  }

  Counters counters() {
    return ledger.counters();
  }

  /** The agent was heard within the last three seconds. */
  synchronized boolean isConnected() {
    return presence.isHere(Presence.nowMs());
  }

  /** Frames do not wait, because the agent is gone or too slow. */
  synchronized boolean isDegraded() {
    return isClosed || !presence.isWorthWaiting(Presence.nowMs());
  }

  /** The agent's last {@code welcome}; null if there was none. */
  synchronized Welcome welcome() {
    return welcome;
  }

  /** Waits for the agent's first {@code welcome}; false if it does not come. Not needed before a frame. */
  boolean awaitAgent(long maxMs) {
    try {
      return arrived.await(maxMs, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Says {@code bye} and closes the connection; takes two seconds at most. Ends the waits of other threads. */
  void close() {
    synchronized (this) {
      isClosed = true;
    }
    ledger.close();
    link.stop();
    unjudged.sum();
  }

  private Verdict scoreAlone(Pixels pixels, FrameHeader header, Mode mode, int deadlineMs) {
    Parcel parcel = parcel(pixels, header, mode, deadlineMs, true);
    Ticket ticket = ledger.awaits(parcel.id);
    header.awaitedId = parcel.id;
    link.put(parcel);
    boolean isAnswered = ticket.await(deadlineMs + GRACE_MS) && !ticket.why().equals("drop deadline");
    link.takeBack(parcel.id);
    Verdict verdict = ticket.verdict();
    ledger.settles(parcel.id, verdict != null);
    synchronized (this) {
      if (isAnswered) {
        presence.answered();
      } else {
        presence.missed(Presence.nowMs());
      }
    }
    if (verdict == null) {
      log.info(header.site + ": unscored (" + ticket.why() + ")");
    }
    return verdict;
  }

  /** Also says in the log when that changes. */
  private boolean isWorthWaiting() {
    boolean isDegraded;
    synchronized (this) {
      isDegraded = isDegraded();
      if (isDegraded == saidDegraded) {
        return !isDegraded;
      }
      saidDegraded = isDegraded;
    }
    log.info(isDegraded ? "the agent does not answer: frames go on unscored until it is back" : "the agent is back");
    return !isDegraded;
  }

  private Parcel parcel(Pixels pixels, FrameHeader header, Mode mode, Integer deadlineMs, boolean isAwaited) {
    long number;
    synchronized (this) {
      number = sequence++;
    }
    byte[] head = header.toBytes(session, number, mode, mode == Mode.GATE ? deadlineMs : null, pixels);
    return new Parcel(header.id(session, number), head, pixels.bytes, isAwaited);
  }

  @Override
  public void received(byte[] part) {
    AgentMessage message;
    try {
      message = AgentMessage.read(part);
    } catch (MessageException e) {
      log.warn("a message of the agent cannot be read: " + e.getMessage(), null);
      ledger.error();
      return;
    }
    if (message != null) {
      note(message);
      handle(message);
    }
  }

  private synchronized void note(AgentMessage message) {
    switch (message.type) {
      case BYE:
        presence.left();
        break;
      case WELCOME:
        presence.welcomed(Presence.nowMs());
        welcome = message.welcome;
        break;
      case HEARTBEAT:
        presence.isBack(Presence.nowMs());
        break;
      default:
        presence.heard(Presence.nowMs());
    }
  }

  private void handle(AgentMessage message) {
    switch (message.type) {
      case WELCOME:
        arrived.countDown();
        break;
      case VERDICT:
        FrameHeader header = ledger.verdict(message.verdict);
        if (header != null) {
          onObserved.accept(header, message.verdict);
        }
        break;
      case DROP:
        if (ledger.noVerdict(message.id, "drop " + message.text, true)) {
          unjudged.add(message.text);
        }
        break;
      case ERROR:
        if (errors.isNews(message.text)) {
          log.warn("the agent reports " + message.text + " (said once)", null);
        }
        ledger.error();
        if (ledger.noVerdict(message.id, "error " + message.code(), false)) {
          unjudged.add(message.code());
        }
        break;
      default:
    }
  }

  @Override
  public void sent(Parcel parcel) {
    ledger.sent();
  }

  @Override
  public void lost(Parcel parcel) {
    if (ledger.lost(parcel.id)) {
      unjudged.add("the agent is away or too slow");
    }
  }

  @Override
  public byte[] beat() {
    boolean isInRun = isAcquiring.getAsBoolean();
    if (!isInRun) {
      unjudged.sum();
    }
    return listened() ? ControllerMessages.heartbeat(session, System.currentTimeMillis(), isInRun) : hello;
  }

  /** True if the agent is there. */
  private synchronized boolean listened() {
    presence.listened(Presence.nowMs());
    return isConnected();
  }

  @Override
  public byte[] goodbye() {
    return ControllerMessages.bye(session);
  }
}
