package org.parfocal.micromanager;

import java.util.EnumMap;
import java.util.Map;
import org.micromanager.UserProfile;
import org.micromanager.propertymap.MutablePropertyMapView;

/** Keeps the settings in the user's profile, as texts. */
final class SettingsStore {
  private final UserProfile profile;

  SettingsStore(UserProfile profile) {
    this.profile = profile;
  }

  /** What was kept, a setting that cannot be used at its initial value; {@code log} is told of those. */
  Settings load(Log log) {
    MutablePropertyMapView kept = profile.getSettings(SettingsStore.class);
    Map<Setting, String> texts = new EnumMap<>(Setting.class);
    for (Setting setting : Setting.values()) {
      texts.put(setting, kept.getString(setting.name(), setting.initial));
    }
    while (true) {
      try {
        return Settings.read(texts);
      } catch (SettingException e) {
        log.warn("a setting of the profile is not used: " + e.getMessage(), null);
        if (e.setting.initial.equals(texts.put(e.setting, e.setting.initial))) {
          return Settings.initial();
        }
      }
    }
  }

  void save(Settings settings) {
    MutablePropertyMapView kept = profile.getSettings(SettingsStore.class);
    settings.texts().forEach((setting, text) -> kept.putString(setting.name(), text));
  }
}
