package dev.ponder.strategy.algorithm;

import dev.ponder.common.error.PonderException;
import java.util.List;

/** One parameter of a strategy: its name, its default and what it accepts. */
public sealed interface Parameter {
  String name();

  Object defaultValue();

  /**
   * Returns the value as the algorithm reads it.
   *
   * @throws PonderException when it is not acceptable
   */
  Object checked(Object value);

  record Whole(String name, Integer defaultValue, int min, int max) implements Parameter {
    @Override
    public Object checked(Object value) {
      if (value instanceof Number number
          && number.doubleValue() == Math.rint(number.doubleValue())
          && number.doubleValue() >= min
          && number.doubleValue() <= max) {
        return number.intValue();
      }
      throw PonderException.invalid(name, value, "a whole number from " + min + " to " + max);
    }
  }

  record Real(String name, Double defaultValue, double min, double max) implements Parameter {
    @Override
    public Object checked(Object value) {
      if (value instanceof Number number
          && number.doubleValue() >= min
          && number.doubleValue() <= max) {
        return number.doubleValue();
      }
      throw PonderException.invalid(name, value, "a number from " + min + " to " + max);
    }
  }

  record Choice(String name, String defaultValue, List<String> allowed) implements Parameter {
    @Override
    public Object checked(Object value) {
      if (value instanceof String text && allowed.contains(text)) {
        return text;
      }
      throw PonderException.invalid(name, value, "one of " + allowed);
    }
  }

  record Flag(String name, Boolean defaultValue) implements Parameter {
    @Override
    public Object checked(Object value) {
      if (value instanceof Boolean) {
        return value;
      }
      throw PonderException.invalid(name, value, "true or false");
    }
  }
}
