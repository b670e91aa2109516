package dev.ponder.engine.kernel;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/** {@link Exp#exp} on arrays, operation by operation. */
final class VectorExp {
  private static final VectorSpecies<Float> F = VectorSpeciesHolder.FLOATS;
  private static final int WIDTH = F.length();

  private VectorExp() {}

  /** Replaces {@code x[from, to)}, a whole number of vectors, by its exponentials. */
  static void replace(float[] x, int from, int to) {
    FloatVector rounder = FloatVector.broadcast(F, Exp.ROUNDER);
    for (int i = from; i < to; i += WIDTH) {
      FloatVector a = FloatVector.fromArray(F, x, i);
      a = a.blend(Exp.GREATEST, a.compare(GT, Exp.GREATEST));
      a = a.blend(Exp.LEAST, a.compare(LT, Exp.LEAST));
      FloatVector shifted = a.fma(FloatVector.broadcast(F, Exp.LOG2_E), rounder);
      FloatVector n = shifted.sub(rounder);
      FloatVector r = n.fma(FloatVector.broadcast(F, -Exp.LN2_HIGH), a);
      r = n.fma(FloatVector.broadcast(F, -Exp.LN2_LOW), r);
      FloatVector p = FloatVector.broadcast(F, Exp.C7).fma(r, FloatVector.broadcast(F, Exp.C6));
      p = p.fma(r, FloatVector.broadcast(F, Exp.C5));
      p = p.fma(r, FloatVector.broadcast(F, Exp.C4));
      p = p.fma(r, FloatVector.broadcast(F, Exp.C3));
      p = p.fma(r, FloatVector.broadcast(F, Exp.C2));
      p = p.fma(r, FloatVector.broadcast(F, 1f));
      p = p.fma(r, FloatVector.broadcast(F, 1f));
      IntVector exponent = shifted.reinterpretAsInts().sub(Exp.ROUNDER_BITS);
      IntVector first = exponent.lanewise(ASHR, 1);
      IntVector second = exponent.sub(first);
      p.mul(first.add(127).lanewise(LSHL, 23).reinterpretAsFloats())
          .mul(second.add(127).lanewise(LSHL, 23).reinterpretAsFloats())
          .intoArray(x, i);
    }
  }
}
