package org.parfocal.testserver;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.util.ArrayList;
import mmcorej.org.json.JSONArray;
import mmcorej.org.json.JSONObject;

/**
 * The channel of a test beside the server's own: one command a line on standard input, one line of JSON in answer.
 *
 * <p>{@code state}; {@code set NAME VALUE} for a number or a boolean of {@link Bench}; {@code hang METHOD};
 * {@code fail METHOD MESSAGE}; {@code heal}; {@code again OPTIONS} for another microscope, with a server of its own, which the
 * commands are about from then on. The program ends with its input, so that none is left behind.
 */
final class Control {
  private final PrintStream out;
  private Bench bench;
  private CountedServer server;

  Control(String[] args, PrintStream out) throws Exception {
    this.out = out;
    say(begin(args));
  }

  private JSONObject begin(String[] args) throws Exception {
    Main.Running running = Main.start(args);
    bench = running.bench();
    server = running.server();
    return running.ready();
  }

  private void say(JSONObject answer) {
    out.println(answer);
    out.flush();
  }

  void run() throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JSONObject answer;
      try {
        answer = answer(line.trim().split(" ", 3));
      } catch (Exception error) {
        answer = new JSONObject().put("type", "error").put("message", error.toString());
      }
      say(answer);
    }
  }

  private JSONObject answer(String[] words) throws Exception {
    switch (words[0]) {
      case "again":
        return begin(words.length < 2 ? new String[0] : (words[1] + " " + words[2]).split(" "));
      case "state":
        return state();
      case "set":
        set(words[1], words[2]);
        break;
      case "hang":
        bench.hang(words[1]);
        break;
      case "fail":
        bench.fail(words[1], words[2]);
        break;
      case "heal":
        bench.heal();
        break;
      default:
        throw new IllegalArgumentException("unknown command " + words[0]);
    }
    return new JSONObject().put("type", "ok");
  }

  private void set(String name, String value) throws Exception {
    Field field = Bench.class.getDeclaredField(name);
    if (field.getType() == boolean.class) field.setBoolean(bench, Boolean.parseBoolean(value));
    else field.setDouble(bench, Double.parseDouble(value));
  }

  private JSONObject state() throws Exception {
    JSONObject state = new JSONObject().put("type", "state").put("liveObjects", server.liveObjects());
    for (Field field : Bench.class.getDeclaredFields()) {
      if (field.getType() == double.class) state.put(field.getName(), field.getDouble(bench));
      if (field.getType() == boolean.class) state.put(field.getName(), field.getBoolean(bench));
    }
    state.put("moves", new JSONArray(new ArrayList<>(bench.moves)));
    state.put("pauses", new JSONArray(new ArrayList<>(bench.pauses)));
    return state.put("calls", new JSONObject(bench.calls()));
  }
}
