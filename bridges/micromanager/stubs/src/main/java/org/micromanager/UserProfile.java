package org.micromanager;

import org.micromanager.propertymap.MutablePropertyMapView;

/** Settings that outlive a session. */
public interface UserProfile {
  MutablePropertyMapView getSettings(Class<?> owner);
}
