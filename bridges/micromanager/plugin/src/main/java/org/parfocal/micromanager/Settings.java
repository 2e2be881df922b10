package org.parfocal.micromanager;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The settings of the bridge, checked. */
final class Settings {
  private static final Pattern ADDRESS = Pattern.compile("tcp://([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\]):([0-9]{1,5})");
  private static final double MAX_Z_UM = 1e6;

  final String address;
  /** Time that the agent has for a frame, ms. */
  final int deadlineMs;
  /** Null: nothing is moved. */
  final ZLimits zLimits;
  final boolean isDryRun;
  /** Numerical aperture of the objective; 0: the agent's setting. */
  final double na;
  final LockHandling lock;
  /** Null if not set. */
  final Double umPerOffsetUnit;
  /** Null: the offset of a focus lock is not moved. */
  final ZLimits offsetLimits;
  final int lockTimeoutMs;
  final boolean isWatching;
  private final Map<Setting, String> texts;

  private Settings(Map<Setting, String> texts) throws SettingException {
    this.texts = texts;
    address = address(texts.get(Setting.ADDRESS));
    deadlineMs = (int) number(Setting.DEADLINE, 50, 60_000);
    Double maxStep = optional(Setting.MAX_STEP, Double.MIN_NORMAL, MAX_Z_UM);
    double maxStepUm = maxStep == null ? Double.POSITIVE_INFINITY : maxStep;
    zLimits = limits(Setting.Z_LOW, Setting.Z_HIGH, maxStepUm);
    isDryRun = choice(Setting.DRY_RUN).equals("yes");
    na = number(Setting.NA, 0, 2);
    lock = LockHandling.ofWord(choice(Setting.LOCK));
    umPerOffsetUnit = optional(Setting.OFFSET_SCALE, -MAX_Z_UM, MAX_Z_UM);
    if (umPerOffsetUnit != null && umPerOffsetUnit == 0) {
      throw new SettingException(Setting.OFFSET_SCALE, "must not be 0");
    }
    offsetLimits = limits(Setting.OFFSET_LOW, Setting.OFFSET_HIGH, maxStepUm);
    lockTimeoutMs = (int) number(Setting.LOCK_TIMEOUT, 100, 60_000);
    isWatching = choice(Setting.WATCH).equals("yes");
  }

  /** Reads the texts of a form; what is missing has its initial value. */
  static Settings read(Map<Setting, String> texts) throws SettingException {
    Map<Setting, String> all = new EnumMap<>(Setting.class);
    for (Setting setting : Setting.values()) {
      String text = texts.get(setting);
      all.put(setting, text == null ? setting.initial : text.trim());
    }
    return new Settings(all);
  }

  static Settings initial() {
    try {
      return read(Collections.emptyMap());
    } catch (SettingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The same settings but for one. */
  Settings with(Setting setting, String text) throws SettingException {
    Map<Setting, String> changed = new EnumMap<>(texts);
    changed.put(setting, text);
    return read(changed);
  }

  String text(Setting setting) {
    return texts.get(setting);
  }

  Map<Setting, String> texts() {
    return Collections.unmodifiableMap(texts);
  }

  /** Why a search would move nothing; null if it would. Not about focus locks. */
  String whyOnlyObserving() {
    if (isDryRun) {
      return "dry run";
    }
    return zLimits == null ? "no z limits are set" : null;
  }

  /** The offset of a focus lock has a scale and limits. */
  boolean isOffsetUsable() {
    return umPerOffsetUnit != null && offsetLimits != null;
  }

  private static String address(String text) throws SettingException {
    Matcher match = ADDRESS.matcher(text);
    if (!match.matches() || Integer.parseInt(match.group(2)) < 1 || Integer.parseInt(match.group(2)) > 65_535) {
      throw new SettingException(Setting.ADDRESS, "\"" + text + "\" is none; one looks like tcp://127.0.0.1:5610");
    }
    return text;
  }

  /** Both or neither are needed; one alone sets no limits yet. */
  private ZLimits limits(Setting low, Setting high, double maxStepUm) throws SettingException {
    Double lowUm = optional(low, -MAX_Z_UM, MAX_Z_UM);
    Double highUm = optional(high, -MAX_Z_UM, MAX_Z_UM);
    if (lowUm == null || highUm == null) {
      return null;
    }
    if (lowUm >= highUm) {
      throw new SettingException(high, "must lie above \"" + low.label + "\", which is " + texts.get(low));
    }
    return new ZLimits(lowUm, highUm, maxStepUm);
  }

  private String choice(Setting setting) throws SettingException {
    String text = texts.get(setting);
    for (String choice : setting.choices) {
      if (choice.equalsIgnoreCase(text)) {
        return choice;
      }
    }
    throw new SettingException(setting, "\"" + text + "\" is none of " + String.join(", ", setting.choices));
  }

  private double number(Setting setting, double min, double max) throws SettingException {
    Double number = optional(setting, min, max);
    if (number == null) {
      throw new SettingException(setting, "is missing; " + range(min, max));
    }
    return number;
  }

  private Double optional(Setting setting, double min, double max) throws SettingException {
    String text = texts.get(setting);
    if (text.isEmpty()) {
      return null;
    }
    double number;
    try {
      // A decimal comma is what many keyboards have.
      number = Double.parseDouble(text.replace(',', '.'));
    } catch (NumberFormatException e) {
      throw new SettingException(setting, "\"" + text + "\" is no number");
    }
    if (!(number >= min && number <= max)) {
      throw new SettingException(setting, text + " is out of range; " + range(min, max));
    }
    return number;
  }

  private static String range(double min, double max) {
    return min == Double.MIN_NORMAL ? "it must be above 0" : "it goes from " + plain(min) + " to " + plain(max);
  }

  private static String plain(double number) {
    return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
  }
}
