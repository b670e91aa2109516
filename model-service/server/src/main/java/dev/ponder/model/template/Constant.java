package dev.ponder.model.template;

/** The two values that stand for no value, so that no Java null travels through a template. */
enum Constant {
  /** Python's {@code None}. */
  NONE,
  /** A name or key that is not there: false, empty, and an error when used further. */
  UNDEFINED
}
