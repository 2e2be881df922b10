package org.micromanager.propertymap;

/** Settings of one class. */
public interface MutablePropertyMapView {
  String getString(String key, String aDefault);

  MutablePropertyMapView putString(String key, String value);
}
