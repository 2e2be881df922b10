package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import javax.swing.SwingUtilities;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** The settings form, without a display; docs/settings.png shows it. */
class SettingsPanelTest {
  private static void inSwing(Executable steps) throws Exception {
    Throwable[] thrown = new Throwable[1];
    SwingUtilities.invokeAndWait(() -> {
      try {
        steps.execute();
      } catch (Throwable e) {
        thrown[0] = e;
      }
    });
    if (thrown[0] != null) {
      throw new AssertionError(thrown[0]);
    }
  }

  @Test
  void showsAndReadsEachSetting() throws Exception {
    Settings settings = FakeStudio.settings("tcp://scope:5610").with(Setting.LOCK, "offset").with(Setting.WATCH, "yes")
        .with(Setting.OFFSET_SCALE, "0.1").with(Setting.OFFSET_LOW, "-9").with(Setting.OFFSET_HIGH, "9")
        .with(Setting.LOCK_TIMEOUT, "700").with(Setting.MAX_STEP, "20").with(Setting.DRY_RUN, "yes");
    inSwing(() -> assertEquals(settings.texts(), new SettingsPanel(settings).read().texts()));
  }

  @Test
  void saysWhatIsWrongAndWhatHasNoEffect() throws Exception {
    inSwing(() -> {
      SettingsPanel form = new SettingsPanel(Settings.initial());
      assertTrue(form.note().contains("Without limits of z nothing is moved"), form.note());
      form.setText(Setting.Z_LOW, "10");
      form.setText(Setting.Z_HIGH, "5");
      assertThrows(SettingException.class, form::read);
      assertTrue(form.note().contains("must lie above"), form.note());
      form.setText(Setting.Z_HIGH, "15");
      form.read();
      assertEquals(" ", form.note());
      form.setText(Setting.LOCK, "offset");
      form.read();
      assertTrue(form.note().contains("offset of the lock is not moved"), form.note());
    });
  }

  @Test
  void onlyWhatTheLockHandlingNeedsCanBeEdited() throws Exception {
    inSwing(() -> {
      SettingsPanel form = new SettingsPanel(Settings.initial());
      assertFalse(form.isEnabled(Setting.OFFSET_SCALE) || form.isEnabled(Setting.LOCK_TIMEOUT));
      form.setText(Setting.LOCK, "pause");
      assertFalse(form.isEnabled(Setting.OFFSET_SCALE));
      assertTrue(form.isEnabled(Setting.LOCK_TIMEOUT));
      form.setText(Setting.LOCK, "offset");
      assertTrue(form.isEnabled(Setting.OFFSET_SCALE) && form.isEnabled(Setting.OFFSET_HIGH));
    });
  }

  @Test
  void theTestOfTheConnectionSaysWhoAnswers(@TempDir Path results) throws Exception {
    TestLog log = new TestLog();
    try (Agent agent = Agent.start(results)) {
      ConnectionState state = ConnectionState.probe(agent.address(), Agent.START_MS, log);
      assertTrue(state.text.matches("agent [0-9.]+, model .+"), state.text);
    }
    assertTrue(ConnectionState.probe("tcp://127.0.0.1:9", 100, log).text.startsWith("no answer"));
  }
}
