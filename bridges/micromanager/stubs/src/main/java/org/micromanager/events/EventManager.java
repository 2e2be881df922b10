package org.micromanager.events;

/** The event bus of the application; it calls the listener in the thread of whoever posts. */
public interface EventManager {
  void registerForEvents(Object obj);
}
