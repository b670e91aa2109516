package dev.ponder.engine.machine;

/** Conditions of a jump, with the codes of the instruction set. */
enum Condition {
  BELOW(2),
  ABOVE_OR_EQUAL(3),
  ZERO(4),
  NOT_ZERO(5),
  BELOW_OR_EQUAL(6),
  ABOVE(7);

  final int code;

  Condition(int code) {
    this.code = code;
  }
}
