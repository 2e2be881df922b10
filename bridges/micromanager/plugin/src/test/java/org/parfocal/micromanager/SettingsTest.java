package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.micromanager.internal.utils.PropertyItem;

class SettingsTest {
  private final FakeStudio studio = new FakeStudio();

  @AfterEach
  void close() {
    Parfocal.of(studio).close();
  }

  @Test
  void atFirstNothingIsMovedOrWatched() {
    Settings settings = Settings.initial();
    assertNull(settings.zLimits);
    assertEquals("no z limits are set", settings.whyOnlyObserving());
    assertEquals(LockHandling.NONE, settings.lock);
    assertFalse(settings.isWatching);
  }

  @ParameterizedTest
  @CsvSource({
    "ADDRESS, 127.0.0.1:5610, 'one looks like tcp://127.0.0.1:5610'",
    "ADDRESS, tcp://host:0, one looks like",
    "ADDRESS, tcp://host:65536, one looks like",
    "ADDRESS, '', one looks like",
    "DEADLINE, 10, it goes from 50 to 60000",
    "DEADLINE, soon, '\"soon\" is no number'",
    "DEADLINE, '', is missing",
    "Z_LOW, NaN, out of range",
    "Z_LOW, 1e300, out of range",
    "Z_HIGH, -60, must lie above",
    "MAX_STEP, 0, it must be above 0",
    "NA, 3, it goes from 0 to 2",
    "LOCK, maybe, 'none of none, offset, pause'",
    "OFFSET_SCALE, 0, must not be 0",
    "LOCK_TIMEOUT, 1, it goes from 100 to 60000",
    "WATCH, 1, 'none of no, yes'",
  })
  void whatCannotBeUsedIsRefusedWithWhatWouldDo(Setting setting, String text, String part) throws Exception {
    Settings settings = Settings.initial().with(Setting.Z_LOW, "-50").with(Setting.Z_HIGH, "50");
    SettingException problem = assertThrows(SettingException.class, () -> settings.with(setting, text));
    assertEquals(setting, problem.setting);
    assertTrue(problem.getMessage().startsWith(setting.label + ": "), problem.getMessage());
    assertTrue(problem.getMessage().contains(part), problem.getMessage());
  }

  @Test
  void aDecimalCommaIsUnderstood() throws Exception {
    Settings settings = Settings.initial().with(Setting.Z_LOW, "-1,5").with(Setting.Z_HIGH, " 2.5 ");
    assertEquals(-1.5, settings.zLimits.lowUm);
    assertEquals(2.5, settings.zLimits.highUm);
    assertEquals(Double.POSITIVE_INFINITY, settings.zLimits.maxStepUm);
  }

  @Test
  void theProfileKeepsThem() throws Exception {
    Parfocal first = Parfocal.of(studio);
    first.use(FakeStudio.settings("tcp://scope:5610").with(Setting.LOCK, "pause"));
    first.save();
    first.close();
    Settings kept = Parfocal.of(studio).settings();
    assertEquals("tcp://scope:5610", kept.address);
    assertEquals(LockHandling.PAUSE, kept.lock);
    assertEquals(50, kept.zLimits.highUm);
  }

  @Test
  void theyAreReadOnlyWhenTheyAreNeededSinceTheUserChoosesAProfileAfterPluginsAreLoaded() {
    new ParfocalAutofocus().setContext(studio);
    new WatchPlugin().setContext(studio);
    studio.profile.kept.put("NA", "0.75");
    assertEquals(0.75, Parfocal.of(studio).settings().na);
  }

  @Test
  void whatTheProfileHoldsThatCannotBeUsedIsLeftOutAndSaid() {
    studio.profile.kept.put("DEADLINE", "never");
    studio.profile.kept.put("Z_LOW", "10");
    studio.profile.kept.put("Z_HIGH", "5");
    studio.profile.kept.put("NA", "0.75");
    Settings settings = Parfocal.of(studio).settings();
    assertEquals(1000, settings.deadlineMs);
    assertNull(settings.zLimits);
    assertEquals(0.75, settings.na);
    assertTrue(studio.logged("a setting of the profile is not used"), studio.lines.toString());
  }

  @Test
  void theAutofocusPropertiesAreTheSettings() throws Exception {
    ParfocalAutofocus autofocus = new ParfocalAutofocus();
    autofocus.setContext(studio);
    PropertyItem[] items = autofocus.getProperties();
    assertArrayEquals(autofocus.getPropertyNames(), Arrays.stream(items).map(item -> item.name).toArray());
    assertTrue(Arrays.stream(items).allMatch(item -> item.device.equals("Parfocal") && item.value != null));
    assertEquals(List.of("none", "offset", "pause"), List.of(autofocus.getProperty("With a focus lock on").allowed));

    autofocus.setPropertyValue("Lowest z (um)", "-20");
    PropertyItem high = autofocus.getProperty("Highest z (um)");
    high.value = "30";
    autofocus.setProperty(high);
    assertEquals("-20", autofocus.getPropertyValue("Lowest z (um)"));
    assertEquals(30, Parfocal.of(studio).settings().zLimits.highUm);
    assertThrows(SettingException.class, () -> autofocus.setPropertyValue("Highest z (um)", "-30"));
    assertEquals("30", autofocus.getPropertyValue("Highest z (um)"));
    assertThrows(IllegalArgumentException.class, () -> autofocus.getProperty("Colour"));
    autofocus.saveSettings();
    assertEquals("-20", studio.profile.kept.get("Z_LOW"));
  }

  @Test
  void aNewAddressIsANewConnectionAndTheSameAddressIsNot() throws Exception {
    Parfocal parfocal = Parfocal.of(studio);
    FocusClient first = parfocal.client();
    parfocal.use(parfocal.settings().with(Setting.DEADLINE, "200"));
    assertTrue(first == parfocal.client());
    parfocal.use(parfocal.settings().with(Setting.ADDRESS, "tcp://127.0.0.1:9"));
    assertTrue(first != parfocal.client());
    assertTrue(first.isDegraded());
  }

  @Test
  void settingsFollowTheProfileThatTheUserChoosesAndLeaveTheOtherAlone() throws Exception {
    FakeStudio studio = new FakeStudio();
    FakeStudio.Profile first = studio.profile;
    first.kept.put("Z_LOW", "-10");
    first.kept.put("Z_HIGH", "10");
    FakeStudio.Profile chosen = new FakeStudio.Profile();
    chosen.kept.put("Z_LOW", "-99");
    chosen.kept.put("Z_HIGH", "99");
    Parfocal parfocal = Parfocal.of(studio);
    try {
      assertEquals("-10", parfocal.settings().text(Setting.Z_LOW), "asked for before a profile is chosen");
      studio.profile = chosen;
      assertEquals("-99", parfocal.settings().text(Setting.Z_LOW));
      parfocal.use(parfocal.settings().with(Setting.NA, "0.5"));
      assertEquals("0.5", parfocal.settings().text(Setting.NA), "not saved, but in use");
      parfocal.save();
      assertEquals("-99", chosen.kept.get("Z_LOW"));
      assertEquals("-10", first.kept.get("Z_LOW"));
    } finally {
      parfocal.close();
    }
  }
}
