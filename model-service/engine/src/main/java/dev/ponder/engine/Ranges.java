package dev.ponder.engine;

/** Checks of arguments. */
final class Ranges {
  private Ranges() {}

  static void check(String name, long value, long least, long most) {
    if (value < least || value > most) {
      throw EngineException.invalidArgument(name, value, "between " + least + " and " + most);
    }
  }
}
