package org.parfocal.testserver;

import java.util.List;
import java.util.function.Function;
import org.micromanager.pyjavaz.ZMQServer;

/** The server of PyJavaZ as it is, which also says how many objects its clients hold. */
final class CountedServer extends ZMQServer {
  @SuppressWarnings("rawtypes")
  CountedServer(Function<Class, Object> mapper, int port) throws Exception {
    super(List.of(CountedServer.class.getClassLoader()), mapper, new String[] {}, text -> {}, port);
  }

  int liveObjects() {
    return externalObjects_.size();
  }
}
