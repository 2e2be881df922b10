package org.micromanager.internal.utils;

/** One property of an autofocus method, as the properties window shows it. */
public class PropertyItem {
  public String device;
  public String name;
  public String value;
  public String[] allowed;

  public PropertyItem() {
    name = "Undefined";
    allowed = new String[0];
  }
}
