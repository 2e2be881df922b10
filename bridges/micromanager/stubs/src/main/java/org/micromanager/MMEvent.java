package org.micromanager;

/** Any event. */
public interface MMEvent {}
