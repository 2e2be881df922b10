package org.micromanager.data;

/** Where an acquisition puts its images. */
public interface Datastore extends DataProvider {}
