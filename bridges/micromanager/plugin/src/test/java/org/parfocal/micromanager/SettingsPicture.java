package org.parfocal.micromanager;

import com.formdev.flatlaf.FlatLightLaf;
import java.awt.Rectangle;
import java.awt.Robot;
import java.awt.image.BufferedImage;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import javax.swing.SwingUtilities;

/** Takes docs/settings.png: the settings window with a running agent. Needs a display; see the README. */
final class SettingsPicture {
  private SettingsPicture() {}

  public static void main(String[] args) throws Exception {
    Path results = Files.createTempDirectory("parfocal-picture");
    FakeStudio studio = new FakeStudio();
    try (Agent agent = Agent.startAt(Setting.ADDRESS.initial, results)) {
      Parfocal parfocal = Parfocal.of(studio);
      parfocal.use(FakeStudio.settings(agent.address()).with(Setting.NA, "0.75").with(Setting.DEADLINE, "1000")
          .with(Setting.MAX_STEP, "20").with(Setting.LOCK, "pause").with(Setting.WATCH, "yes"));
      Eventually.holds(() -> parfocal.client().isConnected(), "connected");
      FlatLightLaf.setup();
      SettingsWindow[] window = new SettingsWindow[1];
      SwingUtilities.invokeAndWait(() -> {
        window[0] = SettingsWindow.show(parfocal);
        window[0].setLocation(20, 20);
        window[0].getRootPane().getDefaultButton().requestFocusInWindow();
      });
      Robot robot = new Robot();
      robot.setAutoWaitForIdle(true);
      robot.delay(1500);
      Rectangle bounds = window[0].getBounds();
      BufferedImage picture = robot.createScreenCapture(bounds);
      ImageIO.write(picture, "png", new File(args[0]));
      parfocal.close();
    }
    System.exit(0);
  }
}
