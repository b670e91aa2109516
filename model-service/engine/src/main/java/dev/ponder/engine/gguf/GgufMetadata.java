package dev.ponder.engine.gguf;

import dev.ponder.engine.EngineException;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The key/value pairs of a model file. Immutable. A value asked for as the wrong type, or a missing
 * one without a default, is an {@link EngineException} MODEL_FILE_INVALID that names the key.
 *
 * <p>Values are String, Long, Double, Boolean, long[], double[], boolean[], or List (of strings, or
 * of nested arrays).
 */
public final class GgufMetadata {
  private final Map<String, Object> values;

  GgufMetadata(Map<String, Object> values) {
    this.values = Collections.unmodifiableMap(values);
  }

  public boolean has(String key) {
    return values.containsKey(key);
  }

  /** Returns the keys in file order. */
  public Set<String> keys() {
    return values.keySet();
  }

  /** Returns {@code general.architecture}. */
  public String architecture() {
    return string("general.architecture");
  }

  public String string(String key) {
    return required(key, String.class, "a string");
  }

  public String string(String key, String defaultValue) {
    return has(key) ? string(key) : defaultValue;
  }

  /** Returns an integer of any width; an unsigned one above 2^63 - 1 never loads. */
  public long integer(String key) {
    return required(key, Long.class, "an integer");
  }

  public long integer(String key, long defaultValue) {
    return has(key) ? integer(key) : defaultValue;
  }

  /** Returns a number: a float of either width, or an integer. */
  public double number(String key) {
    if (values.get(key) instanceof Long whole) {
      return whole;
    }
    return required(key, Double.class, "a number");
  }

  public double number(String key, double defaultValue) {
    return has(key) ? number(key) : defaultValue;
  }

  public boolean bool(String key, boolean defaultValue) {
    return has(key) ? required(key, Boolean.class, "a boolean") : defaultValue;
  }

  /** Returns an array of strings, unmodifiable. */
  @SuppressWarnings("unchecked") // lists are made by the reader only; a mixed one has no strings
  public List<String> strings(String key) {
    List<Object> list = required(key, List.class, "an array of strings");
    if (!list.isEmpty() && !(list.get(0) instanceof String)) {
      throw wrongType(key, list, "an array of strings");
    }
    return (List<String>) (List<?>) list;
  }

  /** Returns an array of floats of either width, rounded to float. */
  public float[] floats(String key) {
    double[] numbers = required(key, double[].class, "an array of floats");
    float[] result = new float[numbers.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = (float) numbers[i];
    }
    return result;
  }

  /** Returns an array of integers of any width whose values fit in an int. */
  public int[] ints(String key) {
    long[] numbers = required(key, long[].class, "an array of integers");
    int[] result = new int[numbers.length];
    for (int i = 0; i < result.length; i++) {
      if (numbers[i] != (int) numbers[i]) {
        throw EngineException.invalidFile(key + "[" + i + "]", numbers[i], "a 32-bit integer");
      }
      result[i] = (int) numbers[i];
    }
    return result;
  }

  private <T> T required(String key, Class<T> type, String rule) {
    Object value = values.get(key);
    if (!type.isInstance(value)) {
      throw wrongType(key, value, rule);
    }
    return type.cast(value);
  }

  private static EngineException wrongType(String key, @Nullable Object value, String rule) {
    return EngineException.invalidFile(key, value == null ? "missing" : describe(value), rule);
  }

  private static String describe(Object value) {
    return switch (value) {
      case long[] a -> "an array of " + a.length + " integers";
      case double[] a -> "an array of " + a.length + " floats";
      case boolean[] a -> "an array of " + a.length + " booleans";
      case List<?> a -> "a list of " + a.size();
      default -> value.toString();
    };
  }
}
