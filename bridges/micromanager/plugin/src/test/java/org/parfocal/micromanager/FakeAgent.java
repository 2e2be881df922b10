package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import mmcorej.org.json.JSONObject;
import org.zeromq.SocketType;
import org.zeromq.ZMQ;

/**
 * A ROUTER that answers as a test wants and keeps what it got, for cases that no sane agent makes. Closing it fails if a
 * message did not fit the schema of the protocol.
 */
final class FakeAgent implements AutoCloseable {
  private static final int POLL_MS = 5;

  final List<JSONObject> messages = Collections.synchronizedList(new ArrayList<>());
  final String address;
  private final List<String> texts = Collections.synchronizedList(new ArrayList<>());
  private final ZMQ.Context context = ZMQ.context(1);
  private final ZMQ.Socket router = context.socket(SocketType.ROUTER);
  private final Function<JSONObject, List<String>> answers;
  private final Thread thread;
  private volatile boolean isClosing;

  /** @param address with port * for a free one. {@code answers} are JSON, or anything else. */
  FakeAgent(String address, Function<JSONObject, List<String>> answers) {
    this.answers = answers;
    router.setLinger(0);
    router.setIPv6(address.contains("["));
    router.bind(address);
    this.address = router.getLastEndpoint();
    thread = new Thread(this::run, "fake-agent");
    thread.start();
  }

  FakeAgent(Function<JSONObject, List<String>> answers) {
    this("tcp://127.0.0.1:*", answers);
  }

  List<JSONObject> messages(String type) {
    synchronized (messages) {
      return messages.stream().filter(message -> type.equals(message.optString("type"))).toList();
    }
  }

  @Override
  public void close() {
    isClosing = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // Not before they are answered: the first look at the schema takes longer than some deadlines.
    List<String> problems = texts.stream().flatMap(text -> ProtocolSchema.problems(text).stream()).toList();
    assertEquals(List.of(), problems, "messages that do not fit docs/protocol.schema.json");
  }

  /** The answer to a frame: a retry with this action, or (action null) the end of the search. */
  static String verdict(JSONObject frame, String action, int keepAttempt) {
    boolean isRetry = action != null;
    String decision = isRetry ? "\"retry\",\"action\":" + action : "\"flag\"";
    return "{\"v\":1,\"type\":\"verdict\",\"id\":" + JSONObject.quote(frame.optString("id")) + ",\"session\":\"s\","
        + "\"condition\":\"defocused\",\"level\":5,\"expectedLevel\":5,\"decision\":" + decision
        + ",\"acquireAgain\":" + isRetry + ",\"keepAttempt\":" + keepAttempt + "}";
  }

  private void run() {
    while (!isClosing) {
      router.setReceiveTimeOut(POLL_MS);
      byte[] identity = router.recv();
      if (identity != null) {
        byte[] head = router.recv();
        while (router.hasReceiveMore()) {
          router.recv();
        }
        answer(identity, head);
      }
    }
    router.close();
    context.term();
  }

  private void answer(byte[] identity, byte[] head) {
    JSONObject message;
    String text = new String(head, StandardCharsets.UTF_8);
    texts.add(text);
    try {
      message = new JSONObject(text);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    messages.add(message);
    for (String answer : answers.apply(message)) {
      router.send(identity, ZMQ.SNDMORE);
      router.send(answer.getBytes(StandardCharsets.UTF_8));
    }
  }
}
