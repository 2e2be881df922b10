import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Compares an installed Micro-Manager with the stubs that the plugin was compiled against: each stub must be there as
 * the same kind of type, with the same supertypes and the same members. Prints what differs; exit code 1 if anything
 * does, 2 for wrong usage. Needs a JDK from 11 on (for its javap).
 *
 * <pre>java CheckInstallation.java MICRO-MANAGER-FOLDER|MMJ_.jar [STUBS-JAR|STUBS-CLASSES]</pre>
 */
public final class CheckInstallation {
  private static final Path DEFAULT_STUBS = Path.of("stubs", "target", "classes");
  /** The plugin implements these, so that it must know all of their methods. */
  private static final Set<String> IMPLEMENTED = Set.of("org.micromanager.AutofocusPlugin",
      "org.micromanager.MenuPlugin", "org.micromanager.MMPlugin", "org.micromanager.MMGenericPlugin");
  private static final Pattern HEADER =
      Pattern.compile("^(?:[a-z-]+ )*(class|interface|enum) ([\\w.$]+)(?:<.*?>)?(?: (extends .*|implements .*))? \\{$");
  private static final Pattern MEMBER = Pattern.compile("^  (.*?)([\\w.$]+)(\\(.*\\))?(?: throws .*)?;$");
  private static final Pattern DESCRIPTOR = Pattern.compile("^    descriptor: (.*)$");

  private CheckInstallation() {}

  public static void main(String[] args) throws IOException {
    if (args.length < 1 || args.length > 2) {
      System.err.println("usage: java CheckInstallation.java MICRO-MANAGER-FOLDER|MMJ_.jar [STUBS-JAR|STUBS-CLASSES]");
      System.exit(2);
    }
    Path stubs = args.length > 1 ? Path.of(args[1]) : DEFAULT_STUBS;
    Path installed = jarOf(Path.of(args[0]));
    for (Path path : List.of(stubs, installed)) {
      if (!Files.exists(path)) {
        System.err.println(path + " does not exist");
        System.exit(2);
      }
    }
    List<String> names = classesOf(stubs);
    List<String> problems = compare(read(stubs, names), read(installed, names));
    problems.forEach(System.out::println);
    System.out.println(names.size() + " types compared with " + installed + ": "
        + (problems.isEmpty() ? "all as expected" : problems.size() + " problems"));
    System.exit(problems.isEmpty() && !names.isEmpty() ? 0 : 1);
  }

  private static Path jarOf(Path given) {
    return Files.isDirectory(given) && !Files.isDirectory(given.resolve("org"))
        ? given.resolve(Path.of("plugins", "Micro-Manager", "MMJ_.jar"))
        : given;
  }

  /** Names of the classes in a folder or a jar. */
  private static List<String> classesOf(Path classes) throws IOException {
    if (Files.isDirectory(classes)) {
      return classesBelow(classes);
    }
    try (FileSystem jar = FileSystems.newFileSystem(classes, (ClassLoader) null)) {
      return classesBelow(jar.getPath("/"));
    }
  }

  private static List<String> classesBelow(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files.map(file -> root.relativize(file).toString().replace('\\', '/'))
          .filter(name -> name.endsWith(".class"))
          .map(name -> name.substring(0, name.length() - ".class".length()).replace('/', '.'))
          .sorted().collect(Collectors.toList());
    }
  }

  /** A type as javap describes it. */
  private static final class Type {
    final String kind;
    final Set<String> supertypes = new LinkedHashSet<>();
    /** "name descriptor", and "static " before it where it is. */
    final Set<String> members = new LinkedHashSet<>();
    final Set<String> abstractMethods = new LinkedHashSet<>();

    Type(String kind) {
      this.kind = kind;
    }
  }

  private static Map<String, Type> read(Path classes, List<String> names) {
    List<String> command = new ArrayList<>(List.of("-s", "-protected", "-cp", classes.toString()));
    command.addAll(names);
    StringWriter out = new StringWriter();
    ToolProvider javap =
        ToolProvider.findFirst("javap").orElseThrow(() -> new IllegalStateException("no javap: use a JDK"));
    javap.run(new PrintWriter(out), new PrintWriter(new StringWriter()), command.toArray(new String[0]));
    Map<String, Type> types = new TreeMap<>();
    Type type = null;
    Matcher member = null;
    for (String line : out.toString().split("\\R")) {
      Matcher header = HEADER.matcher(line);
      Matcher descriptor = DESCRIPTOR.matcher(line);
      if (header.matches()) {
        type = new Type(header.group(1));
        types.put(header.group(2), type);
        addSupertypes(type, header.group(3));
      } else if (descriptor.matches() && member != null) {
        add(type, member, descriptor.group(1));
      } else {
        member = MEMBER.matcher(line);
        member = member.matches() ? member : null;
      }
    }
    return types;
  }

  private static void addSupertypes(Type type, String clause) {
    if (clause != null) {
      for (String word : clause.replaceAll("<.*?>", "").replaceAll("extends |implements ", ",").split("[, ]+")) {
        if (!word.isEmpty()) {
          type.supertypes.add(word);
        }
      }
    }
  }

  private static void add(Type type, Matcher member, String descriptor) {
    Set<String> modifiers = Set.of(member.group(1).trim().split(" "));
    boolean isConstructor = member.group(2).contains(".");
    String key = (modifiers.contains("static") ? "static " : "") + (isConstructor ? "<init>" : member.group(2)) + " "
        + descriptor;
    type.members.add(key);
    if (modifiers.contains("abstract")) {
      type.abstractMethods.add(key);
    }
  }

  private static List<String> compare(Map<String, Type> stubs, Map<String, Type> installed) {
    List<String> problems = new ArrayList<>();
    stubs.forEach((name, stub) -> {
      Type real = installed.get(name);
      if (real == null) {
        problems.add(name + ": is missing");
        return;
      }
      if (!real.kind.equals(stub.kind)) {
        problems.add(name + ": is " + real.kind + ", expected " + stub.kind);
      }
      missing(stub.supertypes, real.supertypes).forEach(type -> problems.add(name + ": is no " + type));
      missing(stub.members, real.members).forEach(member -> problems.add(name + ": has no " + member));
      if (IMPLEMENTED.contains(name)) {
        missing(real.abstractMethods, stub.members)
            .forEach(member -> problems.add(name + ": has a method that the plugin does not implement: " + member));
      }
    });
    return problems;
  }

  private static List<String> missing(Set<String> wanted, Set<String> present) {
    return wanted.stream().filter(item -> !present.contains(item)).collect(Collectors.toList());
  }
}
