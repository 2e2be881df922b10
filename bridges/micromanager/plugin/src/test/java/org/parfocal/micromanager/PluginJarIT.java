package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;
import org.scijava.plugin.DefaultPluginFinder;
import org.scijava.plugin.PluginIndex;
import org.scijava.plugin.PluginInfo;

/** The finished jar, as it is put into Micro-Manager. */
class PluginJarIT {
  private static final int JAVA_8 = 52;

  private static JarFile jar() throws IOException {
    return new JarFile(System.getProperty("parfocal.jar"));
  }

  private static List<JarEntry> classes(JarFile jar) {
    return jar.stream().filter(entry -> entry.getName().endsWith(".class")).toList();
  }

  @Test
  void holdsNoClassButItsOwn() throws Exception {
    try (JarFile jar = jar()) {
      List<JarEntry> classes = classes(jar);
      assertTrue(classes.size() > 30);
      for (JarEntry entry : classes) {
        assertTrue(entry.getName().startsWith("org/parfocal/micromanager/"), entry.getName());
      }
    }
  }

  @Test
  void runsOnJava8() throws Exception {
    try (JarFile jar = jar()) {
      for (JarEntry entry : classes(jar)) {
        try (DataInputStream in = new DataInputStream(jar.getInputStream(entry))) {
          in.readInt();
          in.readUnsignedShort();
          assertEquals(JAVA_8, in.readUnsignedShort(), entry.getName());
        }
      }
    }
  }

  @Test
  void holdsTheIndexThatSciJavaMakes() throws Exception {
    try (JarFile jar = jar()) {
      assertNotNull(jar.getJarEntry("META-INF/json/org.scijava.plugin.Plugin"));
    }
  }

  @Test
  void bothPluginsAreFoundTheWayMicroManagerLooksForThem() throws Exception {
    URL[] jar = {Path.of(System.getProperty("parfocal.jar")).toUri().toURL()};
    try (URLClassLoader onlyThisJar = new URLClassLoader(jar, PluginJarIT.class.getClassLoader()) {
      @Override
      public URL getResource(String name) {
        return findResource(name);
      }

      @Override
      public Enumeration<URL> getResources(String name) throws IOException {
        return findResources(name);
      }
    }) {
      PluginIndex index = new PluginIndex(new DefaultPluginFinder(onlyThisJar));
      index.discover();
      Map<String, String> types = new TreeMap<>();
      for (PluginInfo<?> info : index.getAll()) {
        types.put(info.getClassName(), info.getPluginType().getSimpleName());
      }
      assertEquals(
          Map.of("org.parfocal.micromanager.ParfocalAutofocus", "AutofocusPlugin",
              "org.parfocal.micromanager.WatchPlugin", "MenuPlugin"),
          types);
    }
  }

  @Test
  void theVersionInTheCodeIsThatOfTheJarAndTheLicenceIsInIt() throws Exception {
    try (JarFile jar = jar()) {
      assertNotNull(jar.getJarEntry("META-INF/LICENSE"));
      assertEquals(Parfocal.VERSION, jar.getManifest().getMainAttributes().getValue("Implementation-Version"));
    }
  }
}
