package dev.ponder.strategy.algorithm;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.text.Normalizer;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The answer a text gives, in a canonical form: two texts vote for the same answer exactly when
 * their keys are equal strings, so equivalence is transitive by construction. Numbers are compared
 * by value ({@code 1,000.0} and {@code 1000}; {@code 0.5} and {@code 1/2}), words without case,
 * mark-up and outer punctuation.
 */
final class AnswerKey {
  /** Answers stand at the end; of longer texts only the last part is read. */
  private static final int MAX_CHARS = 50_000;

  /** Beyond this many characters a number is compared as it is written. */
  private static final int MAX_NUMBER_CHARS = 60;

  private static final String NUMBER =
      "[-+]?\\$?(?:\\d{1,3}(?:,\\d{3})++|\\d++)(?:\\.\\d++)?(?:[eE][-+]?\\d{1,2}(?!\\d))?"
          + "(?:\\s?/\\s?\\d++)?";
  private static final Pattern ANY_NUMBER = Pattern.compile("(?<![\\w.])" + NUMBER);
  private static final Pattern WHOLE_NUMBER = Pattern.compile(NUMBER + "\\s?%?");
  private static final Pattern ANSWER_LINE =
      Pattern.compile("\\banswer\\b\\W{0,3}(?:is|:|=)\\s*:?([^\\n]+)", Pattern.CASE_INSENSITIVE);
  private static final Pattern FRACTION =
      Pattern.compile("\\\\[dt]?frac\\{\\s*(-?\\d+)\\s*\\}\\{\\s*(\\d+)\\s*\\}");
  private static final Pattern LATEX_WORD =
      Pattern.compile("\\\\(?:text|mathrm|mathbf)\\{([^{}]*)\\}");
  private static final Pattern MARKUP = Pattern.compile("[*_`\"'$\\\\]");
  private static final Pattern OUTER =
      Pattern.compile("^[\\s\\p{Punct}&&[^-+({]]+|[\\s\\p{Punct}&&[^)}%]]+$");
  private static final Pattern SPACE = Pattern.compile("\\s+");
  private static final Pattern ARTICLE = Pattern.compile("^(?:the|an|a) (?=.)");

  private AnswerKey() {}

  /** Where in a text its answer is looked for. */
  enum Extraction {
    /**
     * The first that applies: {@link #BOXED}, {@link #ANSWER_LINE}, {@link #LAST_NUMBER}, {@link
     * #TEXT}.
     */
    AUTO,
    /** The last {@code \boxed{...}}. */
    BOXED,
    /** What follows the last "answer:" or "answer is", to the end of its line. */
    ANSWER_LINE,
    LAST_NUMBER,
    /** All of it. */
    TEXT;

    static final List<String> NAMES =
        List.of("auto", "boxed", "answer_line", "last_number", "text");

    static Extraction of(String name) {
      return valueOf(name.toUpperCase(Locale.ROOT));
    }
  }

  /** Returns the key, or null when the text has no answer of this kind: then it does not vote. */
  static @Nullable String of(String text, Extraction extraction) {
    String tail = text.substring(Math.max(0, text.length() - MAX_CHARS));
    String plain = Normalizer.normalize(tail, Normalizer.Form.NFKC).replace('\u2212', '-');
    String key =
        switch (extraction) {
          case BOXED -> canonical(boxed(plain));
          case ANSWER_LINE -> answerLine(plain);
          case LAST_NUMBER -> lastNumber(plain);
          case TEXT -> canonical(plain);
          case AUTO -> {
            String found = canonical(boxed(plain));
            found = found != null ? found : answerLine(plain);
            found = found != null ? found : lastNumber(plain);
            yield found != null ? found : canonical(plain);
          }
        };
    return key == null || key.isEmpty() ? null : key;
  }

  private static @Nullable String boxed(String text) {
    int start = text.lastIndexOf("\\boxed{");
    if (start < 0) {
      return null;
    }
    int from = start + "\\boxed{".length();
    int depth = 1;
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      depth += c == '{' ? 1 : c == '}' ? -1 : 0;
      if (depth == 0) {
        return text.substring(from, i);
      }
    }
    return null;
  }

  /** A line with one number in it ("42 apples") answers with that number. */
  private static @Nullable String answerLine(String text) {
    Matcher lines = ANSWER_LINE.matcher(text);
    String last = null;
    while (lines.find()) {
      last = lines.group(1);
    }
    if (last == null) {
      return null;
    }
    Matcher numbers = ANY_NUMBER.matcher(last);
    if (numbers.find()) {
      String first = numbers.group();
      if (!numbers.find()) {
        return number(first);
      }
    }
    return canonical(last);
  }

  private static @Nullable String lastNumber(String text) {
    Matcher numbers = ANY_NUMBER.matcher(text);
    String last = null;
    while (numbers.find()) {
      last = numbers.group();
    }
    return last == null ? null : number(last);
  }

  private static @Nullable String canonical(@Nullable String text) {
    if (text == null) {
      return null;
    }
    String plain = FRACTION.matcher(text).replaceAll("$1/$2");
    plain = LATEX_WORD.matcher(plain).replaceAll("$1");
    String number = OUTER.matcher(plain.strip().replace("$", "")).replaceAll("");
    if (WHOLE_NUMBER.matcher(number).matches()) {
      return number(number);
    }
    plain = MARKUP.matcher(plain).replaceAll("");
    plain = SPACE.matcher(plain).replaceAll(" ").strip().toLowerCase(Locale.ROOT);
    plain = OUTER.matcher(plain).replaceAll("");
    return ARTICLE.matcher(plain).replaceFirst("");
  }

  /** Returns a number's value in lowest terms: {@code n} or {@code n/d}. */
  private static String number(String written) {
    String plain = written.replaceAll("[,$%\\s+]", "");
    if (plain.length() > MAX_NUMBER_CHARS) {
      return plain;
    }
    int slash = plain.indexOf('/');
    BigDecimal value = new BigDecimal(slash < 0 ? plain : plain.substring(0, slash));
    BigInteger divisor = slash < 0 ? BigInteger.ONE : new BigInteger(plain.substring(slash + 1));
    if (divisor.signum() == 0) {
      return plain;
    }
    BigInteger above = value.movePointRight(Math.max(0, value.scale())).toBigIntegerExact();
    BigInteger below = BigInteger.TEN.pow(Math.max(0, value.scale())).multiply(divisor);
    BigInteger common = above.gcd(below);
    above = above.divide(common);
    below = below.divide(common);
    return below.equals(BigInteger.ONE) ? above.toString() : above + "/" + below;
  }
}
