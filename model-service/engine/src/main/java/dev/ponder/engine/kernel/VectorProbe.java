package dev.ponder.engine.kernel;

import jdk.incubator.vector.FloatVector;

/** Asks the Vector API about the machine; loaded only when the module is there. */
final class VectorProbe {
  private VectorProbe() {}

  static int preferredBits() {
    return FloatVector.SPECIES_PREFERRED.vectorBitSize();
  }
}
