package org.parfocal.micromanager;

import java.nio.charset.StandardCharsets;
import mmcorej.org.json.JSONException;
import mmcorej.org.json.JSONObject;

/** Tolerant reading of JSON: what is null, missing or of another type than expected reads null. */
final class Json {
  /** Longest name or id of the protocol, characters. */
  static final int MAX_NAME_LENGTH = 512;

  private Json() {}

  /** The object that a message part (UTF-8) holds. */
  static JSONObject parse(byte[] part) throws MessageException {
    try {
      return new JSONObject(new String(part, StandardCharsets.UTF_8));
    } catch (JSONException | StackOverflowError e) {
      throw new MessageException("not a JSON object: " + e);
    }
  }

  static String text(JSONObject json, String key) {
    Object value = json.opt(key);
    return value instanceof String ? (String) value : null;
  }

  /** A name or id of 1 to 512 characters. */
  static String name(JSONObject json, String key) {
    String text = text(json, key);
    return text == null || text.isEmpty() || text.length() > MAX_NAME_LENGTH ? null : text;
  }

  /** A finite number. */
  static Double number(JSONObject json, String key) {
    Object value = json.opt(key);
    if (!(value instanceof Number)) {
      return null;
    }
    double number = ((Number) value).doubleValue();
    return Double.isNaN(number) || Double.isInfinite(number) ? null : number;
  }

  /** A whole number from 0. */
  static Integer index(JSONObject json, String key) {
    Double number = number(json, key);
    boolean isIndex = number != null && number == Math.rint(number) && number >= 0 && number <= Integer.MAX_VALUE;
    return isIndex ? (Integer) number.intValue() : null;
  }

  static Boolean flag(JSONObject json, String key) {
    Object value = json.opt(key);
    return value instanceof Boolean ? (Boolean) value : null;
  }

  static JSONObject child(JSONObject json, String key) {
    Object value = json.opt(key);
    return value instanceof JSONObject ? (JSONObject) value : null;
  }

  /** {@code value}, or the complaint that {@code key} is missing or not valid. */
  static <T> T needed(T value, String key) throws MessageException {
    if (value == null) {
      throw new MessageException(key + ": missing or not valid");
    }
    return value;
  }
}
