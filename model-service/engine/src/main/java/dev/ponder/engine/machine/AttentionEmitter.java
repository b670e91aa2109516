package dev.ponder.engine.machine;

import java.util.List;

/**
 * Emits attention of a few query heads, which see the same tokens and share a key head, over one
 * piece of keys and values stored as half floats: {@code void attend(const long *arguments)}, in
 * 512-bit registers. Tokens come in groups of 16. A group of keys is [dimension][32 tokens], of
 * which 16 count; a group of values is [16 tokens][dimension].
 *
 * <p>The reductions of the definition run in 16 virtual lanes and a tree. For scores the lanes are
 * dimensions: a lane is a register, and the tree is walked in the order that keeps the fewest of
 * them waiting. For values the lanes are tokens: they wait in memory.
 */
final class AttentionEmitter {
  static final int QUERY = 0;
  static final int SCALE = 8;
  static final int TOKENS = 16;
  static final int GROUPS = 24;
  static final int KEYS = 32;
  static final int VALUES = 40;
  static final int WEIGHTS = 48;
  static final int LANES = 56;
  static final int OUT = 64;
  static final int CONSTANTS = 72;
  static final int ARGUMENT_BYTES = 80;

  /** Heads of a call. */
  static final int MOST_HEADS = 4;

  /** Tokens of a piece, and bytes between the weights of two heads. */
  static final int PIECE = 256;

  static final int WEIGHT_STRIDE = PIECE * Float.BYTES;
  static final int LANE_COUNT = 16;
  private static final int KEY_STRIDE = 32 * Short.BYTES;
  private static final int VECTOR = 64;

  /** Sums of values that are formed at the same time. */
  private static final int MOST_SUMS = 24;

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

  private static final Gp ARGUMENTS = Gp.RDI;
  private static final Gp CONSTANT_TABLE = Gp.RSI;
  private static final Gp LEFT = Gp.RAX;
  private static final Gp TABLE = Gp.RCX;
  private static final Gp GROUP = Gp.RDX;
  private static final Gp WEIGHT = Gp.R8;
  private static final Gp QUERIES = Gp.R9;
  private static final Gp TOKEN = Gp.R10;
  private static final Gp LANE = Gp.R11;

  private final Assembler a;
  private final int headSize;
  private final int heads;

  AttentionEmitter(Assembler a, int headSize, int heads) {
    if (headSize < 16 || headSize > 512 || headSize % 16 != 0 || heads < 1 || heads > MOST_HEADS) {
      throw new IllegalArgumentException("attention: " + heads + " heads of " + headSize);
    }
    this.a = a;
    this.headSize = headSize;
    this.heads = heads;
  }

  /** Returns the bytes of scratch memory for lanes. */
  static int laneBytes() {
    return LANE_COUNT * MOST_SUMS * VECTOR;
  }

  /** Returns where a head's greatest score and sum of weights are put, behind all values. */
  static int extremesAt(int headSize, int heads, int head) {
    return (heads * headSize + 2 * head) * Float.BYTES;
  }

  void emit() {
    a.mov(CONSTANT_TABLE, ARGUMENTS.at(CONSTANTS));
    emitScores();
    for (int head = 0; head < heads; head++) {
      emitSoftmax(head);
    }
    int chunks = headSize / 16;
    int together = Math.min(chunks, MOST_SUMS / heads);
    for (int chunk = 0; chunk < chunks; chunk += together) {
      emitValues(chunk, Math.min(together, chunks - chunk));
    }
    a.vzeroupper();
    a.ret();
  }

  // Scores: register 31 the scale, 30 keys, the rest partial sums, five a head.

  private void emitScores() {
    Label group = new Label();
    Vec scale = Vec.zmm(31);
    Vec keys = Vec.zmm(30);
    a.vbroadcastss(scale, ARGUMENTS.at(SCALE));
    a.mov(QUERIES, ARGUMENTS.at(QUERY));
    a.mov(TABLE, ARGUMENTS.at(KEYS));
    a.mov(WEIGHT, ARGUMENTS.at(WEIGHTS));
    a.mov(LEFT, ARGUMENTS.at(GROUPS));
    a.place(group);
    a.mov(GROUP, TABLE.at(0));
    int depth = 0;
    for (int leaf = 0; leaf < LANE_COUNT; leaf++) {
      int lane = Integer.reverse(leaf) >>> 28;
      for (int head = 0; head < heads; head++) {
        a.vpxord(partial(depth, head), partial(depth, head), partial(depth, head));
      }
      for (int d = lane; d < headSize; d += LANE_COUNT) {
        a.vcvtph2ps(keys, GROUP.at(d * KEY_STRIDE));
        for (int head = 0; head < heads; head++) {
          a.vfmadd231ps(
              partial(depth, head), keys, QUERIES.each((head * headSize + d) * Float.BYTES));
        }
      }
      for (int bits = leaf; (bits & 1) == 1; bits >>= 1) {
        depth--;
        for (int head = 0; head < heads; head++) {
          a.vaddps(partial(depth, head), partial(depth, head), partial(depth + 1, head));
        }
      }
      depth++;
    }
    for (int head = 0; head < heads; head++) {
      a.vmulps(partial(0, head), partial(0, head), scale);
      a.vmovups(WEIGHT.at(head * WEIGHT_STRIDE), partial(0, head));
    }
    a.add(TABLE, Long.BYTES);
    a.add(WEIGHT, VECTOR);
    a.dec(LEFT);
    a.jump(Condition.NOT_ZERO, group);
  }

  private Vec partial(int depth, int head) {
    return Vec.zmm(depth * heads + head);
  }

  // Softmax of one head: 0 the greatest score, 1 the sum, 2 to 6 the exponential.

  private void emitSoftmax(int head) {
    Vec max = Vec.zmm(0);
    Vec sum = Vec.zmm(1);
    overwriteTail(head, Float.floatToRawIntBits(Float.NEGATIVE_INFINITY));
    begin(head);
    a.vmovups(max, WEIGHT.at(0));
    Label greatest = new Label();
    a.place(greatest);
    a.vmaxps(max, max, WEIGHT.at(0));
    next(greatest);
    join(max, Vec.zmm(2), true);
    a.mov(GROUP, ARGUMENTS.at(OUT));
    a.vmovss(GROUP.at(extremesAt(headSize, heads, head)), Vec.xmm(0));
    a.vbroadcastss(max, Vec.xmm(0));
    begin(head);
    Label exponential = new Label();
    a.place(exponential);
    a.vmovups(Vec.zmm(2), WEIGHT.at(0));
    a.vsubps(Vec.zmm(2), Vec.zmm(2), max);
    emitExp();
    a.vmovups(WEIGHT.at(0), Vec.zmm(3));
    next(exponential);
    overwriteTail(head, 0);
    begin(head);
    a.vpxord(sum, sum, sum);
    Label total = new Label();
    a.place(total);
    a.vaddps(sum, sum, WEIGHT.at(0));
    next(total);
    join(sum, Vec.zmm(2), false);
    a.vmovss(GROUP.at(extremesAt(headSize, heads, head) + Float.BYTES), Vec.xmm(1));
  }

  private void begin(int head) {
    a.mov(WEIGHT, ARGUMENTS.at(WEIGHTS));
    a.add(WEIGHT, head * WEIGHT_STRIDE);
    a.mov(LEFT, ARGUMENTS.at(GROUPS));
  }

  private void next(Label loop) {
    a.add(WEIGHT, VECTOR);
    a.dec(LEFT);
    a.jump(Condition.NOT_ZERO, loop);
  }

  /** Writes a word over what stands behind the last token in its group. */
  private void overwriteTail(int head, int word) {
    Label loop = new Label();
    Label done = new Label();
    a.mov(WEIGHT, ARGUMENTS.at(WEIGHTS));
    a.mov(TOKEN, ARGUMENTS.at(TOKENS));
    a.mov(LEFT, ARGUMENTS.at(GROUPS));
    a.shl(LEFT, 4);
    a.zero(TABLE);
    a.lea(TABLE, TABLE.at(word));
    a.place(loop);
    a.cmp(TOKEN, LEFT);
    a.jump(Condition.ABOVE_OR_EQUAL, done);
    a.mov32(WEIGHT.at(TOKEN, Float.BYTES, head * WEIGHT_STRIDE), TABLE);
    a.add(TOKEN, 1);
    a.jump(loop);
    a.place(done);
  }

  /** Joins 16 lanes as the definition does: l with l + 8, then 4, 2, 1. */
  private void join(Vec register, Vec spare, boolean greatest) {
    int r = register.number();
    int s = spare.number();
    a.vextractf64x4(Vec.ymm(s), register);
    combine(Vec.ymm(r), Vec.ymm(s), greatest);
    a.vextractf128(Vec.xmm(s), Vec.ymm(r));
    combine(Vec.xmm(r), Vec.xmm(s), greatest);
    a.vpshufd(Vec.xmm(s), Vec.xmm(r), 0x4E);
    combine(Vec.xmm(r), Vec.xmm(s), greatest);
    a.vpshufd(Vec.xmm(s), Vec.xmm(r), 0xB1);
    combine(Vec.xmm(r), Vec.xmm(s), greatest);
  }

  private void combine(Vec to, Vec from, boolean greatest) {
    if (greatest) {
      a.vmaxps(to, to, from);
    } else {
      a.vaddps(to, to, from);
    }
  }

  /**
   * The exponential of register 2 in register 3, operation by operation as the definition has it.
   */
  private void emitExp() {
    Vec x = Vec.zmm(2);
    Vec p = Vec.zmm(3);
    Vec shifted = Vec.zmm(4);
    Vec r = Vec.zmm(5);
    Vec n = Vec.zmm(6);
    // a NaN is the last operand, which both of these return
    a.vbroadcastss(p, constant(Constant.GREATEST, false));
    a.vminps(x, p, x);
    a.vbroadcastss(p, constant(Constant.LEAST, false));
    a.vmaxps(x, p, x);
    a.vbroadcastss(shifted, constant(Constant.LOG2_E, false));
    a.vfmadd213ps(shifted, x, constant(Constant.ROUNDER, true));
    a.vsubps(n, shifted, constant(Constant.ROUNDER, true));
    a.vmovups(r, x);
    a.vfmadd231ps(r, n, constant(Constant.LN2_HIGH, true));
    a.vfmadd231ps(r, n, constant(Constant.LN2_LOW, true));
    a.vbroadcastss(p, constant(Constant.C7, false));
    a.vfmadd213ps(p, r, constant(Constant.C6, true));
    a.vfmadd213ps(p, r, constant(Constant.C5, true));
    a.vfmadd213ps(p, r, constant(Constant.C4, true));
    a.vfmadd213ps(p, r, constant(Constant.C3, true));
    a.vfmadd213ps(p, r, constant(Constant.C2, true));
    a.vfmadd213ps(p, r, constant(Constant.ONE, true));
    a.vfmadd213ps(p, r, constant(Constant.ONE, true));
    Vec exponent = Vec.zmm(4);
    Vec first = Vec.zmm(5);
    Vec second = Vec.zmm(6);
    a.vpsubd(exponent, shifted, constant(Constant.ROUNDER_BITS, true));
    a.vpsrad(first, exponent, 1);
    a.vpsubd(second, exponent, first);
    emitPower(first);
    emitPower(second);
    a.vmulps(p, p, first);
    a.vmulps(p, p, second);
  }

  /** Two to the power of an integer. */
  private void emitPower(Vec n) {
    a.vpaddd(n, n, constant(Constant.BIAS, true));
    a.vpslld(n, n, 23);
  }

  private static Mem constant(Constant constant, boolean broadcast) {
    int at = List.of(Constant.values()).indexOf(constant) * Float.BYTES;
    return broadcast ? CONSTANT_TABLE.each(at) : CONSTANT_TABLE.at(at);
  }

  // Values: one register of values, the sums of every head and chunk of 16 dimensions.

  private void emitValues(int firstChunk, int chunks) {
    Vec values = Vec.zmm(31);
    Label lane = new Label();
    Label group = new Label();
    a.mov(LANE, ARGUMENTS.at(LANES));
    a.zero(TOKEN); // the lane: a token of each group
    a.place(lane);
    for (int head = 0; head < heads; head++) {
      for (int chunk = 0; chunk < chunks; chunk++) {
        Vec sum = Vec.zmm(head * chunks + chunk);
        a.vpxord(sum, sum, sum);
      }
    }
    a.mov(WEIGHT, ARGUMENTS.at(WEIGHTS));
    a.lea(WEIGHT, WEIGHT.at(TOKEN, Float.BYTES, 0));
    a.mov(TABLE, ARGUMENTS.at(VALUES));
    a.mov(LEFT, ARGUMENTS.at(GROUPS));
    a.imul(QUERIES, TOKEN, headSize * Short.BYTES);
    a.place(group);
    a.mov(GROUP, TABLE.at(0));
    for (int chunk = 0; chunk < chunks; chunk++) {
      a.vcvtph2ps(values, GROUP.at(QUERIES, 1, (firstChunk + chunk) * 16 * Short.BYTES));
      for (int head = 0; head < heads; head++) {
        a.vfmadd231ps(Vec.zmm(head * chunks + chunk), values, WEIGHT.each(head * WEIGHT_STRIDE));
      }
    }
    a.add(TABLE, Long.BYTES);
    a.add(WEIGHT, VECTOR);
    a.dec(LEFT);
    a.jump(Condition.NOT_ZERO, group);
    int sums = heads * chunks;
    for (int i = 0; i < sums; i++) {
      a.vmovups(LANE.at(i * VECTOR), Vec.zmm(i));
    }
    a.add(LANE, sums * VECTOR);
    a.add(TOKEN, 1);
    a.cmp(TOKEN, LANE_COUNT);
    a.jump(Condition.NOT_ZERO, lane);
    a.mov(LANE, ARGUMENTS.at(LANES));
    a.mov(GROUP, ARGUMENTS.at(OUT));
    for (int head = 0; head < heads; head++) {
      for (int chunk = 0; chunk < chunks; chunk++) {
        emitTree(head * chunks + chunk, sums);
        int at = (head * headSize + (firstChunk + chunk) * 16) * Float.BYTES;
        a.vmovups(GROUP.at(at), Vec.zmm(0));
      }
    }
  }

  /** Joins the lanes of one sum, which lie {@code sums} vectors apart, in register 0. */
  private void emitTree(int sum, int sums) {
    for (int l = 0; l < 8; l++) {
      a.vmovups(Vec.zmm(l), LANE.at((l * sums + sum) * VECTOR));
      a.vaddps(Vec.zmm(l), Vec.zmm(l), LANE.at(((l + 8) * sums + sum) * VECTOR));
    }
    for (int step = 4; step > 0; step >>= 1) {
      for (int l = 0; l < step; l++) {
        a.vaddps(Vec.zmm(l), Vec.zmm(l), Vec.zmm(l + step));
      }
    }
  }
}
