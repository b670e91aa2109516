package dev.ponder.model.template;

import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The directives of Python's {@code strftime} that templates use, in English. */
final class PythonDates {
  private PythonDates() {}

  static String format(String format, ZonedDateTime now) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < format.length(); i++) {
      char c = format.charAt(i);
      if (c != '%' || i + 1 == format.length()) {
        out.append(c);
        continue;
      }
      char directive = format.charAt(++i);
      boolean unpadded = directive == '-' && i + 1 < format.length();
      if (unpadded) {
        directive = format.charAt(++i);
      }
      String text = directive(directive, now);
      out.append(unpadded && text.length() > 1 && text.charAt(0) == '0' ? text.substring(1) : text);
    }
    return out.toString();
  }

  private static String directive(char directive, ZonedDateTime now) {
    return switch (directive) {
      case 'Y' -> pattern("uuuu", now);
      case 'y' -> pattern("uu", now);
      case 'm' -> pattern("MM", now);
      case 'd' -> pattern("dd", now);
      case 'B' -> pattern("MMMM", now);
      case 'b' -> pattern("MMM", now);
      case 'A' -> pattern("EEEE", now);
      case 'a' -> pattern("EEE", now);
      case 'H' -> pattern("HH", now);
      case 'I' -> pattern("hh", now);
      case 'M' -> pattern("mm", now);
      case 'S' -> pattern("ss", now);
      case 'p' -> pattern("a", now);
      case 'j' -> pattern("DDD", now);
      case '%' -> "%";
      default ->
          throw new TemplateException("strftime_now: unknown directive '%" + directive + "'");
    };
  }

  private static String pattern(String pattern, ZonedDateTime now) {
    return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(now);
  }
}
