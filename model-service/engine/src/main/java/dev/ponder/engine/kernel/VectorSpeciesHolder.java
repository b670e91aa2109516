package dev.ponder.engine.kernel;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vector shapes in use, fixed once for the life of the JVM so that they compile to constants.
 */
final class VectorSpeciesHolder {
  static final int BITS =
      VectorWidth.choose(VectorProbe.preferredBits(), Integer.getInteger(VectorWidth.PROPERTY));
  static final VectorSpecies<Float> FLOATS =
      VectorSpecies.of(float.class, VectorShape.forBitSize(BITS));
  static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, VectorShape.forBitSize(BITS));

  static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(BITS));

  /** As many bytes as a vector has floats, but at least eight: there is no smaller vector. */
  static final VectorSpecies<Byte> BYTES =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, BITS / 4)));

  static {
    assert FLOATS.elementType() == float.class && ByteVector.SPECIES_64.length() == 8;
    assert IntVector.SPECIES_128.length() == FloatVector.SPECIES_128.length();
  }

  private VectorSpeciesHolder() {}
}
