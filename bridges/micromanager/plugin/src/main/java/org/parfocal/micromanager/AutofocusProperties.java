package org.parfocal.micromanager;

import java.util.EnumSet;
import java.util.Set;
import org.micromanager.internal.utils.PropertyItem;

/** The settings as the window of autofocus properties shows them. */
final class AutofocusProperties {
  private static final Set<Setting> SHOWN = EnumSet.complementOf(EnumSet.of(Setting.WATCH));

  private AutofocusProperties() {}

  static String[] names() {
    return SHOWN.stream().map(setting -> setting.label).toArray(String[]::new);
  }

  static PropertyItem[] items(String device, Settings settings) {
    return SHOWN.stream().map(setting -> item(device, setting, settings)).toArray(PropertyItem[]::new);
  }

  static PropertyItem item(String device, Setting setting, Settings settings) {
    PropertyItem item = new PropertyItem();
    item.device = device;
    item.name = setting.label;
    item.value = settings.text(setting);
    item.allowed = setting.choices.clone();
    return item;
  }

  /** The setting of a property. */
  static Setting setting(String name) {
    Setting setting = Setting.ofLabel(name);
    if (setting == null || !SHOWN.contains(setting)) {
      throw new IllegalArgumentException("Parfocal has no property \"" + name + "\"");
    }
    return setting;
  }
}
