package dev.ponder.engine.machine;

/**
 * Emits the quantisation of a row of floats: {@code void quantise(const float *x, byte *values, int
 * *fields, long blocks)}, in 512-bit registers. Values and fields belong to one row of a group, see
 * {@link Activation}; the definition of the arithmetic says what they are.
 *
 * <p>Where the greatest magnitude is infinite or NaN, so is its product with zero: added to dx that
 * makes dx NaN, and else nothing. Blocks whose dx is zero or NaN have no quotient but zeros.
 */
final class QuantiseEmitter {
  private static final Gp X = Gp.RDI;
  private static final Gp VALUES = Gp.RSI;
  private static final Gp FIELDS = Gp.RDX;
  private static final Gp BLOCKS = Gp.RCX;

  private static final Vec MAGNITUDE = Vec.zmm(31);
  private static final Vec GREATEST = Vec.zmm(30);
  private static final Vec LEAST = Vec.zmm(29);
  private static final Vec HALF_BYTE = Vec.zmm(27);

  // the lower sixteen have short instructions in their 128-bit form
  private static final Vec ZERO = Vec.xmm(15);
  private static final Vec GREATEST_ONE = Vec.xmm(14);

  private static final int SWAP_HALVES = 0x4E;
  private static final int SWAP_NEIGHBOURS = 0xB1;

  private final Assembler a;
  private final Activation layout;

  QuantiseEmitter(Assembler a, Activation layout) {
    this.a = a;
    this.layout = layout;
  }

  void emit() {
    Label block = new Label();
    Label zeros = new Label();
    Label store = new Label();
    float greatest = layout.planes() == 2 ? 32_639 : 127;
    constant(MAGNITUDE, Integer.MAX_VALUE);
    constant(GREATEST, Float.floatToRawIntBits(greatest));
    constant(LEAST, Float.floatToRawIntBits(-greatest));
    constant(GREATEST_ONE, Float.floatToRawIntBits(greatest));
    constant(HALF_BYTE, 128);
    a.vpxord(ZERO, ZERO, ZERO);
    a.align(32);
    a.place(block);
    Vec low = Vec.zmm(0);
    Vec high = Vec.zmm(1);
    a.vmovups(low, X.at(0));
    a.vmovups(high, X.at(64));
    a.vpandd(Vec.zmm(2), low, MAGNITUDE);
    a.vpandd(Vec.zmm(3), high, MAGNITUDE);
    a.vpmaxsd(Vec.zmm(2), Vec.zmm(2), Vec.zmm(3)); // magnitudes order as integers do
    joinAll(2, 3, true);
    Vec amax = Vec.xmm(2);
    Vec dx = Vec.xmm(4);
    a.vdivps(dx, amax, GREATEST_ONE);
    a.vfmadd231ps(dx, amax, ZERO);
    a.vmovss(FIELDS.at(layout.fieldAt(Activation.DX, 0)), dx);
    a.vucomiss(dx, ZERO);
    a.jump(Condition.BELOW_OR_EQUAL, zeros); // also where dx is NaN
    a.vbroadcastss(Vec.zmm(5), dx);
    for (int half = 0; half < 2; half++) {
      Vec q = Vec.zmm(half);
      a.vdivps(q, q, Vec.zmm(5));
      a.vminps(q, GREATEST, q);
      a.vmaxps(q, LEAST, q);
      a.vcvtps2dq(q, q);
    }
    a.place(store);
    storeValues();
    storeSums(dx);
    a.add(X, TileLayout.BLOCK * Float.BYTES);
    a.add(VALUES, layout.blockBytes());
    a.add(FIELDS, layout.fieldBytes());
    a.dec(BLOCKS);
    a.jump(Condition.NOT_ZERO, block);
    a.vzeroupper();
    a.ret();
    a.place(zeros);
    a.vpxord(low, low, low);
    a.vpxord(high, high, high);
    a.jump(store);
  }

  private void constant(Vec to, int value) {
    a.zero(Gp.RAX);
    a.lea(Gp.RAX, Gp.RAX.at(value)); // sign-extended; the lower half is what counts
    a.push(Gp.RAX);
    a.vpbroadcastd(to, Gp.RSP.at(0));
    a.pop(Gp.RAX);
  }

  /** Leaves the maximum, or the sum, of 16 lanes in all four lanes of the lowest quarter. */
  private void joinAll(int register, int spare, boolean greatest) {
    a.vextractf64x4(Vec.ymm(spare), Vec.zmm(register));
    join(Vec.ymm(register), Vec.ymm(spare), greatest);
    a.vextractf128(Vec.xmm(spare), Vec.ymm(register));
    join(Vec.xmm(register), Vec.xmm(spare), greatest);
    a.vpshufd(Vec.xmm(spare), Vec.xmm(register), SWAP_HALVES);
    join(Vec.xmm(register), Vec.xmm(spare), greatest);
    a.vpshufd(Vec.xmm(spare), Vec.xmm(register), SWAP_NEIGHBOURS);
    join(Vec.xmm(register), Vec.xmm(spare), greatest);
  }

  private void join(Vec to, Vec from, boolean greatest) {
    if (greatest) {
      a.vpmaxsd(to, to, from);
    } else {
      a.vpaddd(to, to, from);
    }
  }

  /** The low byte is what remains after 256 times the upper part, rounded, is taken off. */
  private void storeValues() {
    for (int half = 0; half < 2; half++) {
      int at = 16 * half;
      a.vpmovdb(VALUES.at(layout.valuesAt(layout.planes() - 1, 0) + at), Vec.zmm(half));
      if (layout.planes() == 2) {
        Vec upper = Vec.zmm(6 + half);
        a.vpaddd(upper, Vec.zmm(half), HALF_BYTE);
        a.vpsrad(upper, upper, 8);
        a.vpmovdb(VALUES.at(layout.valuesAt(0, 0) + at), upper);
      }
    }
  }

  private void storeSums(Vec dx) {
    joinAll(0, 6, false);
    joinAll(1, 7, false);
    Vec sum = Vec.xmm(8);
    a.vpaddd(sum, Vec.xmm(0), Vec.xmm(1));
    a.vcvtdq2ps(Vec.xmm(9), sum);
    a.vmulps(Vec.xmm(9), Vec.xmm(9), dx);
    a.vmovss(FIELDS.at(layout.fieldAt(Activation.SCALED_SUM, 0)), Vec.xmm(9));
    correction(Activation.LOW_CORRECTION, sum, 3);
    correction(Activation.HIGH_CORRECTION, sum, 7);
    correction(Activation.HALF_CORRECTION, Vec.xmm(0), 5);
    correction(Activation.HALF_CORRECTION + 1, Vec.xmm(1), 5);
  }

  /** Minus the sum, times a power of two. */
  private void correction(int field, Vec sum, int power) {
    Vec value = Vec.xmm(10);
    a.vpsubd(value, ZERO, sum);
    a.vpslld(value, value, power);
    a.vmovss(FIELDS.at(layout.fieldAt(field, 0)), value);
  }
}
