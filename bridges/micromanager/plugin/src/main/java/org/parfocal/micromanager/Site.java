package org.parfocal.micromanager;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One stage position; a label of Micro-Manager's HCS plug-in ("B3-Site_2") also says which well it is in. */
final class Site {
  private static final Pattern IN_WELL = Pattern.compile("([A-Z]{1,2}0*[1-9][0-9]?)-Site_?([0-9]{1,6})");

  /** The position's label, unique within the session. */
  final String name;
  /** "A1" to "AF48"; null if the label does not say. */
  final String well;
  /** Number of the site within its well, from 0; null if the label does not say. */
  final Integer index;

  private Site(String name, String well, Integer index) {
    this.name = name;
    this.well = well;
    this.index = index;
  }

  /** The site of a position with this label. */
  static Site ofLabel(String label) {
    Matcher match = IN_WELL.matcher(label);
    return match.matches()
        ? new Site(label, match.group(1), Integer.valueOf(match.group(2)))
        : new Site(label, null, null);
  }

  JsonBuilder toJson() {
    return new JsonBuilder().putName("name", name).putName("well", well).put("index", index);
  }

  @Override
  public String toString() {
    return name;
  }
}
