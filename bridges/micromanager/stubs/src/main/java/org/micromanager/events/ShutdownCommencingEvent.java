package org.micromanager.events;

import org.micromanager.MMEvent;

/** The application is about to end. */
public interface ShutdownCommencingEvent extends MMEvent {}
