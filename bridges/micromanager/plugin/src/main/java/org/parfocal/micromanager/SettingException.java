package org.parfocal.micromanager;

/** A setting cannot be used; the message says which, what is wrong and what would do. */
final class SettingException extends Exception {
  private static final long serialVersionUID = 1L;

  final Setting setting;

  SettingException(Setting setting, String problem) {
    super(setting.label + ": " + problem);
    this.setting = setting;
  }
}
