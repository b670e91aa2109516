package dev.ponder.engine.machine;

/** A place in the code that jumps lead to. */
final class Label {
  int at = -1;

  /** Where displacements wait for the place to be known. */
  final java.util.List<Integer> waiting = new java.util.ArrayList<>();
}
