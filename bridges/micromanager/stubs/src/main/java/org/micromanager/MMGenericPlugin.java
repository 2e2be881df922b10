package org.micromanager;

import org.scijava.plugin.SciJavaPlugin;

/** Any plug-in. */
public interface MMGenericPlugin extends SciJavaPlugin {}
