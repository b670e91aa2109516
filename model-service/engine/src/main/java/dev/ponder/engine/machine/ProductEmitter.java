package dev.ponder.engine.machine;

/**
 * Emits the product of packed weights with quantised activations: a run of tiles times a run of
 * groups of up to eight rows. Per block and output it forms the integer dot product, takes the zero
 * point off, converts once, and accumulates in the order that the definition of the arithmetic
 * prescribes.
 *
 * <p>With 512-bit registers a block's eight vectors of weights stay in registers for all rows and
 * both planes, and activations are broadcast by the dot product itself. With 256 bits a pass takes
 * half a tile and four rows, a vector of weights at a time.
 */
final class ProductEmitter {
  // Where the arguments lie, from the address in RDI on.
  static final int WEIGHTS = 0;
  static final int VALUES = 8;
  static final int FIELDS = 16;
  static final int OUT = 24;
  static final int OUT_STRIDE = 32;
  static final int BLOCKS = 40;
  static final int TILES = 48;
  static final int GROUPS = 56;
  static final int AHEAD = 64;
  static final int ARGUMENT_BYTES = 72;

  private static final Gp ARGUMENTS = Gp.RDI;
  private static final Gp TILE = Gp.RSI;
  private static final Gp TILES_LEFT = Gp.R8;
  private static final Gp OUT_TILE = Gp.RCX;
  private static final Gp GROUPS_LEFT = Gp.R9;
  private static final Gp X = Gp.R11;
  private static final Gp FIELD = Gp.RDX;
  private static final Gp BLOCKS_LEFT = Gp.RAX;
  private static final Gp W = Gp.R10;
  private static final Gp OUT_GROUP = Gp.RBX;
  private static final Gp ROW = Gp.R12;
  private static final Gp GROUP_X = Gp.R13;
  private static final Gp GROUP_FIELD = Gp.R14;
  private static final Gp DISTANCE = Gp.R15;
  private static final Gp[] SAVED = {Gp.RBX, Gp.R12, Gp.R13, Gp.R14, Gp.R15};

  private static final Vec UNITS = Vec.zmm(29);
  private static final Vec MINIMUM_UNITS = Vec.zmm(30);
  private static final int LINE = 64;

  private final Assembler a;
  private final boolean wide;
  private final TileLayout layout;
  private final Activation x;
  private final int rows;

  /**
   * @param rows rows of each group, 1 to the stride; with several groups all must be full
   */
  ProductEmitter(Assembler a, InstructionSet set, TileLayout layout, Activation x, int rows) {
    if (rows < 1 || rows > x.stride()) {
      throw new IllegalArgumentException("rows: " + rows + " (expected: 1 to " + x.stride() + ")");
    }
    this.a = a;
    this.wide = set == InstructionSet.AVX512_VNNI;
    if (!wide && layout.scales() == TileLayout.Scales.PRODUCTS) {
      throw new IllegalArgumentException("layout: " + layout.label() + " needs 512 bits");
    }
    this.layout = layout;
    this.x = x;
    this.rows = rows;
  }

  void emit() {
    Label tile = new Label();
    Label group = new Label();
    for (Gp register : SAVED) {
      a.push(register);
    }
    a.mov(TILE, ARGUMENTS.at(WEIGHTS));
    a.mov(TILES_LEFT, ARGUMENTS.at(TILES));
    a.mov(OUT_TILE, ARGUMENTS.at(OUT));
    a.mov(DISTANCE, ARGUMENTS.at(AHEAD));
    emitNibbleMask();
    a.place(tile);
    a.mov(X, ARGUMENTS.at(VALUES));
    a.mov(FIELD, ARGUMENTS.at(FIELDS));
    a.mov(GROUPS_LEFT, ARGUMENTS.at(GROUPS));
    a.mov(OUT_GROUP, OUT_TILE);
    a.place(group);
    if (wide) {
      emitWidePass();
    } else {
      emitNarrowPasses();
    }
    a.mov(OUT_GROUP, ROW);
    a.dec(GROUPS_LEFT);
    a.jump(Condition.NOT_ZERO, group);
    a.mov(TILE, W); // a pass ends where the next tile begins
    a.add(OUT_TILE, TileLayout.ROWS * Float.BYTES);
    a.dec(TILES_LEFT);
    a.jump(Condition.NOT_ZERO, tile);
    a.vzeroupper();
    for (int i = SAVED.length - 1; i >= 0; i--) {
      a.pop(SAVED[i]);
    }
    a.ret();
  }

  /** A register full of 0x0F bytes; the bytes are pushed on the stack for the broadcast. */
  private void emitNibbleMask() {
    if (layout.nibbles()) {
      a.zero(ROW);
      a.add(ROW, 0x0F0F0F0F);
      a.push(ROW);
      a.vpbroadcastd(nibbleMask(), Gp.RSP.at(0));
      a.pop(ROW);
    }
  }

  private Vec nibbleMask() {
    return wide ? Vec.zmm(31) : Vec.ymm(15);
  }

  private void endBlock(Label block) {
    a.add(W, layout.blockBytes());
    a.add(X, x.blockBytes());
    a.add(FIELD, x.fieldBytes());
    a.dec(BLOCKS_LEFT);
    a.jump(Condition.NOT_ZERO, block);
  }

  /** Asks for the block that lies the given distance ahead. */
  private void emitPrefetch(int from, int to) {
    for (int line = from; line < to; line++) {
      if (line * LINE < layout.blockBytes()) {
        a.prefetcht0(W.at(DISTANCE, 1, line * LINE));
      }
    }
  }

  private Mem zeroCorrection(int row, int half) {
    int field =
        switch (layout.zero()) {
          case Activation.ZERO_HIGH -> Activation.HIGH_CORRECTION;
          case Activation.ZERO_HALVES -> Activation.HALF_CORRECTION + half;
          default -> Activation.LOW_CORRECTION;
        };
    return FIELD.at(x.fieldAt(field, row));
  }

  // 512 bits: registers 0-7 sums, 8-15 integers, 16-23 weights, 24 scales, 25 minima, 26-28 spare,
  // 29 units of scales, 30 units of minima.

  private void emitWidePass() {
    Label block = new Label();
    a.mov(W, TILE);
    a.mov(BLOCKS_LEFT, ARGUMENTS.at(BLOCKS));
    for (int row = 0; row < rows; row++) {
      a.vpxord(sum(row), sum(row), sum(row));
    }
    a.align(32);
    a.place(block);
    if (layout.unitBytes() > 0) {
      emitUnits();
    }
    emitWideWeights();
    int vectors = 8 / layout.groups();
    for (int group = 0; group < layout.groups(); group++) {
      if (rows == 1) {
        emitSingleDots(group, vectors);
      } else {
        emitDots(group, vectors);
      }
      for (int row = 0; row < rows; row++) {
        Vec scale = spare(row);
        a.vcvtdq2ps(integer(row), integer(row));
        a.vmulps(scale, Vec.zmm(24), each(FIELD.at(x.fieldAt(Activation.DX, row))));
        a.vfmadd231ps(sum(row), integer(row), scale);
        if (layout.minimum()) {
          a.vfmadd231ps(
              sum(row), Vec.zmm(25), each(FIELD.at(x.fieldAt(Activation.SCALED_SUM, row))));
        }
      }
      if (group + 1 < layout.groups()) {
        loadScales(Vec.zmm(24), layout.codeBytes() + (group + 1) * layout.scaleBytes(), UNITS);
      }
    }
    endBlock(block);
    a.mov(ROW, OUT_GROUP);
    a.mov(BLOCKS_LEFT, ARGUMENTS.at(OUT_STRIDE));
    for (int row = 0; row < rows; row++) {
      a.vmovups(ROW.at(0), sum(row));
      a.add(ROW, BLOCKS_LEFT);
    }
  }

  private static Vec sum(int row) {
    return Vec.zmm(row);
  }

  private static Vec integer(int row) {
    return Vec.zmm(8 + row);
  }

  private static Vec spare(int row) {
    return Vec.zmm(26 + row % 3);
  }

  private static Vec weights(int vector) {
    return Vec.zmm(16 + vector);
  }

  private static Mem each(Mem m) {
    return new Mem(m.base(), m.index(), m.scale(), m.displacement(), true);
  }

  private void emitWideWeights() {
    for (int v = 0; v < 8; v++) {
      if (!layout.nibbles()) {
        a.vmovups(weights(v), W.at(v * LINE));
      } else if (v % 2 == 0) {
        a.vmovups(weights(v + 1), W.at(v / 2 * LINE));
        a.vpandd(weights(v), weights(v + 1), nibbleMask());
        a.vpsrld(weights(v + 1), weights(v + 1), 4);
        a.vpandd(weights(v + 1), weights(v + 1), nibbleMask());
      }
    }
    loadScales(Vec.zmm(24), layout.codeBytes(), UNITS);
    if (layout.minimum()) {
      loadScales(Vec.zmm(25), layout.minimumAt(), MINIMUM_UNITS);
    }
    emitPrefetch(0, 9);
  }

  /** Passes over the units ahead of eight blocks, where these begin. */
  private void emitUnits() {
    Label within = new Label();
    a.mov(ROW, BLOCKS_LEFT);
    a.shl(ROW, 61); // what remains of a division by eight
    a.jump(Condition.NOT_ZERO, within);
    a.vcvtph2ps(UNITS, W.at(0));
    if (layout.minimum()) {
      a.vcvtph2ps(MINIMUM_UNITS, W.at(TileLayout.ROWS * Short.BYTES));
    }
    a.add(W, layout.unitBytes());
    a.place(within);
  }

  private void loadScales(Vec to, int at, Vec units) {
    switch (layout.scales()) {
      case HALVES -> a.vcvtph2ps(to, W.at(at));
      case FLOATS -> a.vmovups(to, W.at(at));
      case PRODUCTS -> {
        a.vpmovsxbd(to, W.at(at));
        a.vcvtdq2ps(to, to);
        a.vmulps(to, to, units);
      }
    }
  }

  /** The integer dot products of several rows: each row has one accumulator. */
  private void emitDots(int group, int vectors) {
    boolean corrected = layout.zero() != 0;
    boolean doubled = layout.zero() == Activation.ZERO_FIFTH;
    for (int plane = 0; plane < x.planes(); plane++) {
      for (int row = 0; row < rows; row++) {
        Vec acc = integer(row);
        if (plane == 1) {
          a.vpslld(acc, acc, 8);
          if (corrected) {
            if (doubled) {
              a.vpbroadcastd(spare(row), zeroCorrection(row, group));
              a.vpaddd(spare(row), spare(row), spare(row));
              a.vpaddd(acc, acc, spare(row));
            } else {
              a.vpaddd(acc, acc, each(zeroCorrection(row, group)));
            }
          }
        } else if (corrected && x.planes() == 1) {
          a.vpbroadcastd(acc, zeroCorrection(row, group));
          if (doubled) {
            a.vpaddd(acc, acc, acc);
          }
        } else {
          a.vpxord(acc, acc, acc);
        }
      }
      for (int v = 0; v < vectors; v++) {
        int k = group * vectors + v;
        for (int row = 0; row < rows; row++) {
          a.vpdpbusd(integer(row), weights(k), each(X.at(x.valuesAt(plane, row) + 4 * k)));
        }
      }
    }
  }

  /** One row: two accumulators a plane, because one would wait for itself. */
  private void emitSingleDots(int group, int vectors) {
    Vec result = integer(0);
    for (int plane = 0; plane < x.planes(); plane++) {
      Vec even = Vec.zmm(8 + 2 * plane);
      Vec odd = Vec.zmm(9 + 2 * plane);
      a.vpxord(even, even, even);
      a.vpxord(odd, odd, odd);
      if (plane == x.planes() - 1 && layout.zero() != 0) {
        a.vpbroadcastd(even, zeroCorrection(0, group));
        if (layout.zero() == Activation.ZERO_FIFTH) {
          a.vpaddd(even, even, even);
        }
      }
      for (int v = 0; v < vectors; v++) {
        int k = group * vectors + v;
        a.vpdpbusd(v % 2 == 0 ? even : odd, weights(k), each(X.at(x.valuesAt(plane, 0) + 4 * k)));
      }
      a.vpaddd(even, even, odd);
    }
    if (x.planes() == 2) {
      a.vpslld(result, result, 8);
      a.vpaddd(result, result, Vec.zmm(10));
    }
  }

  // 256 bits: 0-3 sums, 4-7 integers (the low plane), 8-11 integers (the high plane), 12 weights,
  // 13 scales, 14 broadcast, 15 the nibble mask.

  private static final int NARROW_ROWS = 4;

  private void emitNarrowPasses() {
    a.mov(GROUP_X, X);
    a.mov(GROUP_FIELD, FIELD);
    for (int half = 0; half < 2; half++) {
      for (int first = 0; first < rows; first += NARROW_ROWS) {
        a.mov(X, GROUP_X);
        a.mov(FIELD, GROUP_FIELD);
        emitNarrowPass(half * 32, first, Math.min(rows - first, NARROW_ROWS));
      }
    }
    a.mov(ROW, OUT_GROUP);
    a.mov(BLOCKS_LEFT, ARGUMENTS.at(OUT_STRIDE));
    for (int row = 0; row < rows; row++) {
      a.add(ROW, BLOCKS_LEFT);
    }
  }

  private void emitNarrowPass(int half, int first, int count) {
    Label block = new Label();
    a.mov(W, TILE);
    a.mov(BLOCKS_LEFT, ARGUMENTS.at(BLOCKS));
    for (int row = 0; row < count; row++) {
      a.vpxord(Vec.ymm(row), Vec.ymm(row), Vec.ymm(row));
    }
    a.align(32);
    a.place(block);
    if (half == 0 && first == 0) {
      emitPrefetch(0, 9);
    }
    int vectors = 8 / layout.groups();
    for (int group = 0; group < layout.groups(); group++) {
      emitNarrowDots(half, first, count, group, vectors);
      emitNarrowSums(half, first, count, group);
    }
    endBlock(block);
    a.mov(ROW, OUT_GROUP);
    a.mov(BLOCKS_LEFT, ARGUMENTS.at(OUT_STRIDE));
    for (int row = 0; row < first + count; row++) {
      if (row >= first) {
        a.vmovups(ROW.at(half), Vec.ymm(row - first));
      }
      a.add(ROW, BLOCKS_LEFT);
    }
  }

  private void emitNarrowDots(int half, int first, int count, int group, int vectors) {
    Vec w = Vec.ymm(12);
    Vec each = Vec.ymm(14);
    for (int row = 0; row < count; row++) {
      Vec low = Vec.ymm(4 + row);
      if (layout.zero() == 0) {
        a.vpxord(low, low, low);
      } else {
        a.vpbroadcastd(low, zeroCorrection(first + row, group));
        if (layout.zero() == Activation.ZERO_FIFTH) {
          a.vpaddd(low, low, low);
        }
      }
      if (x.planes() == 2) {
        a.vpxord(Vec.ymm(8 + row), Vec.ymm(8 + row), Vec.ymm(8 + row));
      }
    }
    for (int v = 0; v < vectors; v++) {
      int k = group * vectors + v;
      if (!layout.nibbles()) {
        a.vmovups(w, W.at(k * LINE + half));
      } else {
        a.vmovups(w, W.at(k / 2 * LINE + half));
        if (k % 2 == 1) {
          a.vpsrld(w, w, 4);
        }
        a.vpandd(w, w, nibbleMask());
      }
      for (int plane = 0; plane < x.planes(); plane++) {
        boolean lowest = plane == x.planes() - 1;
        for (int row = 0; row < count; row++) {
          a.vpbroadcastd(each, X.at(x.valuesAt(plane, first + row) + 4 * k));
          a.vpdpbusd(Vec.ymm((lowest ? 4 : 8) + row), w, each);
        }
      }
    }
  }

  private void emitNarrowSums(int half, int first, int count, int group) {
    Vec scales = Vec.ymm(13);
    Vec each = Vec.ymm(14);
    int lane = layout.scales() == TileLayout.Scales.HALVES ? half / 2 : half;
    loadScales(scales, layout.codeBytes() + group * layout.scaleBytes() + lane, UNITS);
    for (int row = 0; row < count; row++) {
      Vec integer = Vec.ymm(4 + row);
      if (x.planes() == 2) {
        a.vpslld(Vec.ymm(8 + row), Vec.ymm(8 + row), 8);
        a.vpaddd(integer, integer, Vec.ymm(8 + row));
      }
      a.vcvtdq2ps(integer, integer);
      a.vbroadcastss(each, FIELD.at(x.fieldAt(Activation.DX, first + row)));
      a.vmulps(each, scales, each);
      a.vfmadd231ps(Vec.ymm(row), integer, each);
    }
    if (layout.minimum()) {
      loadScales(scales, layout.minimumAt() + lane, MINIMUM_UNITS);
      for (int row = 0; row < count; row++) {
        a.vbroadcastss(each, FIELD.at(x.fieldAt(Activation.SCALED_SUM, first + row)));
        a.vfmadd231ps(Vec.ymm(row), scales, each);
      }
    }
  }
}
