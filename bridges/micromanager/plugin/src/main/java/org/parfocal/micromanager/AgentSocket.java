package org.parfocal.micromanager;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import org.zeromq.SocketType;
import org.zeromq.ZMQ;

/**
 * A DEALER socket that queues nothing for an absent agent and connects again by itself. Only one thread may use it,
 * but for {@link #wake}.
 */
final class AgentSocket implements Closeable {
  private static final int SEND_HIGH_WATER_MARK = 4;
  private static final int MAX_MESSAGE_BYTES = 4 << 20;
  private static final int LINGER_MS = 250;

  private final ZMQ.Context context = ZMQ.context(1);
  private final Pipe wakes;
  private final ZMQ.Socket socket;
  private final ZMQ.Poller whenReadable;
  private final ZMQ.Poller whenWritable;
  private boolean isClosed;

  /** Does not wait for the agent; throws if the address is none. */
  AgentSocket(String address) throws IOException {
    wakes = Pipe.open();
    wakes.source().configureBlocking(false);
    wakes.sink().configureBlocking(false);
    socket = context.socket(SocketType.DEALER);
    socket.setIPv6(address.startsWith("tcp://["));
    socket.setSndHWM(SEND_HIGH_WATER_MARK);
    // The other way round than in libzmq: false queues nothing while there is no connection.
    socket.setImmediate(false);
    socket.setLinger(0);
    socket.setHeartbeatIvl(1000);
    socket.setHeartbeatTimeout(3000);
    socket.setReconnectIVL(200);
    socket.setReconnectIVLMax(2000);
    socket.setMaxMsgSize(MAX_MESSAGE_BYTES);
    whenReadable = poller(ZMQ.Poller.POLLIN);
    whenWritable = poller(ZMQ.Poller.POLLIN | ZMQ.Poller.POLLOUT);
    try {
      socket.connect(address);
    } catch (RuntimeException e) {
      close(false);
      throw new IOException("address " + address + ": " + e.getMessage(), e);
    }
  }

  /** Waits until there is something to read, the socket is woken, or (if asked) it can send; {@code maxMs} at most. */
  void await(boolean isToSend, long maxMs) throws IOException {
    (isToSend ? whenWritable : whenReadable).poll(Math.max(0, maxMs));
    ByteBuffer drain = ByteBuffer.allocate(256);
    while (wakes.source().read(drain) > 0) {
      drain.clear();
    }
  }

  /** Ends {@link #await}; from any thread. */
  void wake() {
    try {
      wakes.sink().write(ByteBuffer.allocate(1));
    } catch (IOException e) {
      // Closed: nobody waits any more. A full pipe does not throw, and wakes as well.
    }
  }

  /** False when the agent is absent or does not read. */
  boolean send(byte[] message) {
    return socket.send(message, ZMQ.DONTWAIT);
  }

  /** A message of two parts; false when the agent is absent or does not read. */
  boolean send(byte[] head, byte[] pixels) {
    if (!socket.send(head, ZMQ.DONTWAIT | ZMQ.SNDMORE)) {
      return false;
    }
    // A message that has begun is always taken whole.
    socket.send(pixels, ZMQ.DONTWAIT);
    return true;
  }

  /** First part of the next message; null if there is none. */
  byte[] receive() {
    byte[] part = socket.recv(ZMQ.DONTWAIT);
    while (part != null && socket.hasReceiveMore()) {
      socket.recv(ZMQ.DONTWAIT);
    }
    return part;
  }

  @Override
  public void close() throws IOException {
    close(false);
  }

  /** @param isToSendRest leaves what was just sent a quarter of a second to go out. */
  void close(boolean isToSendRest) throws IOException {
    if (isClosed) {
      return;
    }
    isClosed = true;
    whenReadable.close();
    whenWritable.close();
    socket.setLinger(isToSendRest ? LINGER_MS : 0);
    socket.close();
    context.term();
    wakes.sink().close();
    wakes.source().close();
  }

  private ZMQ.Poller poller(int events) {
    ZMQ.Poller poller = context.poller(2);
    poller.register(socket, events);
    poller.register(wakes.source(), ZMQ.Poller.POLLIN);
    return poller;
  }
}
