package org.parfocal.micromanager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The check of an installation, on jars that are as they should be and on one that is not. */
class CheckInstallationTest {
  private static final Path SOURCES = Path.of("../stubs/src/main/java");

  @TempDir
  Path folder;

  /** Exit code and output of the check of a jar. */
  private record Report(int exitCode, String text) {}

  private static Report check(Path jar, Path stubs) throws Exception {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    List<String> command = List.of(java.toString(), "../CheckInstallation.java", jar.toString(), stubs.toString());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Report(process.waitFor(), text);
  }

  /** Where the stubs were compiled to. */
  private static Path stubs() throws Exception {
    return Path.of(org.micromanager.Studio.class.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  /** A jar of the stubs' sources with one word replaced by another in some of them: "File.java", from, to. */
  private Path jarWith(String... changes) throws Exception {
    Path sources = folder.resolve("sources");
    List<String> files = new ArrayList<>();
    try (Stream<Path> walk = Files.walk(SOURCES)) {
      for (Path file : walk.filter(path -> path.toString().endsWith(".java")).toList()) {
        String text = Files.readString(file);
        for (int i = 0; i < changes.length; i += 3) {
          if (file.endsWith(changes[i])) {
            assertTrue(text.contains(changes[i + 1]), changes[i + 1]);
            text = text.replace(changes[i + 1], changes[i + 2]);
          }
        }
        Path copy = sources.resolve(SOURCES.relativize(file).toString());
        Files.createDirectories(copy.getParent());
        Files.writeString(copy, text);
        files.add(copy.toString());
      }
    }
    Path classes = folder.resolve("classes");
    Path jar = folder.resolve("MMJ_.jar");
    List<String> compile = new ArrayList<>(List.of(
        "-proc:none", "-nowarn", "-cp", System.getProperty("java.class.path"), "-d", classes.toString()));
    compile.addAll(files);
    run("javac", compile);
    run("jar", List.of("cf", jar.toString(), "-C", classes.toString(), "."));
    return jar;
  }

  private static void run(String tool, List<String> args) {
    int code = ToolProvider.findFirst(tool).orElseThrow().run(System.out, System.err, args.toArray(new String[0]));
    assertEquals(0, code, tool);
  }

  @Test
  void aJarThatIsAsExpectedPasses() throws Exception {
    Report report = check(jarWith(), stubs());
    assertEquals(0, report.exitCode(), report.text());
    assertTrue(report.text().contains("24 types compared"), report.text());
  }

  @Test
  void aJarThatDiffersIsFoundOutInEachRespect() throws Exception {
    Path jar = jarWith(
        "LogManager.java", "void logMessage(String msg)", "int logMessage(String msg)",
        "data/Coords.java", "boolean hasT();", "",
        "UserProfile.java", "public interface UserProfile", "public abstract class UserProfile",
        "UserProfile.java", "  MutablePropertyMapView get", "  public abstract MutablePropertyMapView get",
        "data/Datastore.java", "extends DataProvider", "",
        "internal/utils/PropertyItem.java", "public String device;", "public Object device;",
        "AutofocusPlugin.java", "int getNumberOfImages();", "int getNumberOfImages(); void sing();");
    Report report = check(jar, stubs());
    assertEquals(1, report.exitCode(), report.text());
    for (String expected : List.of(
        "org.micromanager.LogManager: has no logMessage (Ljava/lang/String;)V",
        "org.micromanager.data.Coords: has no hasT ()Z",
        "org.micromanager.UserProfile: is class, expected interface",
        "org.micromanager.data.Datastore: is no org.micromanager.data.DataProvider",
        "org.micromanager.internal.utils.PropertyItem: has no device Ljava/lang/String;",
        "org.micromanager.AutofocusPlugin: has a method that the plugin does not implement: sing ()V")) {
      assertTrue(report.text().contains(expected), expected + " in:\n" + report.text());
    }
  }

  @Test
  void aJarOfSomethingElseIsFoundOut() throws Exception {
    Path other = folder.resolve("other.jar");
    run("jar", List.of("cfM", other.toString(), "-C", SOURCES.toString(), "."));
    Report report = check(other, stubs());
    assertEquals(1, report.exitCode());
    assertTrue(report.text().contains("org.micromanager.Studio: is missing"), report.text());
  }
}
