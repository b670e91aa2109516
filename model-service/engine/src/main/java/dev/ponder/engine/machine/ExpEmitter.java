package dev.ponder.engine.machine;

import java.util.List;

/**
 * Emits the exponential of 16 floats, operation by operation as the definition of the arithmetic
 * has it. Its constants lie in a table that the caller passes to the code.
 */
final class ExpEmitter {
  /** Words of the table of constants, in this order. */
  private enum Constant {
    GREATEST,
    LEAST,
    LOG2_E,
    ROUNDER,
    LN2_HIGH,
    LN2_LOW,
    C7,
    C6,
    C5,
    C4,
    C3,
    C2,
    ONE,
    ROUNDER_BITS,
    BIAS
  }

  static final int CONSTANT_COUNT = Constant.values().length;

  private final Assembler a;
  private final Gp table;

  /**
   * @param table holds the address of the constants wherever {@link #emit} is used
   */
  ExpEmitter(Assembler a, Gp table) {
    this.a = a;
    this.table = table;
  }

  /** Leaves the exponential of register 2 in register 3; uses 4 to 6. */
  void emit() {
    Vec x = Vec.zmm(2);
    Vec p = Vec.zmm(3);
    Vec shifted = Vec.zmm(4);
    Vec r = Vec.zmm(5);
    Vec n = Vec.zmm(6);
    // a NaN is the last operand, which both of these return
    a.vbroadcastss(p, one(Constant.GREATEST));
    a.vminps(x, p, x);
    a.vbroadcastss(p, one(Constant.LEAST));
    a.vmaxps(x, p, x);
    a.vbroadcastss(shifted, one(Constant.LOG2_E));
    a.vfmadd213ps(shifted, x, each(Constant.ROUNDER));
    a.vsubps(n, shifted, each(Constant.ROUNDER));
    a.vmovups(r, x);
    a.vfmadd231ps(r, n, each(Constant.LN2_HIGH));
    a.vfmadd231ps(r, n, each(Constant.LN2_LOW));
    a.vbroadcastss(p, one(Constant.C7));
    a.vfmadd213ps(p, r, each(Constant.C6));
    a.vfmadd213ps(p, r, each(Constant.C5));
    a.vfmadd213ps(p, r, each(Constant.C4));
    a.vfmadd213ps(p, r, each(Constant.C3));
    a.vfmadd213ps(p, r, each(Constant.C2));
    a.vfmadd213ps(p, r, each(Constant.ONE));
    a.vfmadd213ps(p, r, each(Constant.ONE));
    Vec exponent = Vec.zmm(4);
    Vec first = Vec.zmm(5);
    Vec second = Vec.zmm(6);
    a.vpsubd(exponent, shifted, each(Constant.ROUNDER_BITS));
    a.vpsrad(first, exponent, 1);
    a.vpsubd(second, exponent, first);
    emitPower(first);
    emitPower(second);
    a.vmulps(p, p, first);
    a.vmulps(p, p, second);
  }

  /** Returns the float 1 for every lane. */
  Mem ones() {
    return each(Constant.ONE);
  }

  /** Two to the power of an integer. */
  private void emitPower(Vec n) {
    a.vpaddd(n, n, each(Constant.BIAS));
    a.vpslld(n, n, 23);
  }

  private Mem one(Constant constant) {
    return table.at(at(constant));
  }

  private Mem each(Constant constant) {
    return table.each(at(constant));
  }

  private static int at(Constant constant) {
    return List.of(Constant.values()).indexOf(constant) * Float.BYTES;
  }
}
