package dev.ponder.engine.machine;

/**
 * Emits attention of queries that share a key head, over one piece of keys and values stored as
 * {@link HeadLayout} says: {@code void attend(const long *arguments)}, in 512-bit registers.
 * Queries come in tiles of up to six. Tokens come in groups of 16: a group of keys is
 * [dimension][32 tokens], of which 16 count; a group of values is [16 tokens][dimension]. Scales of
 * bytes are converted first. All queries see the same groups, but of the last group each sees as
 * many tokens as its mask says; whatever the others are, it does not show.
 *
 * <p>The reductions of the definition run in 16 virtual lanes and a tree. For scores the lanes are
 * dimensions: a lane is a register, and the tree is walked in the order that keeps the fewest of
 * them waiting. For values the lanes are tokens: they wait in memory.
 */
final class AttentionEmitter {
  static final int QUERY = 0;
  static final int SCALE = 8;
  static final int TILES = 16;
  static final int GROUPS = 24;
  static final int TABLES = 32;
  static final int WEIGHTS = 40;
  static final int LANES = 48;
  static final int OUT = 56;
  static final int CONSTANTS = 64;
  static final int MASKS = 72;
  static final int SCALES = 80;
  static final int ARGUMENT_BYTES = 88;

  /** Queries of a tile. */
  static final int TILE = 6;

  /** Tokens of a piece, and floats between the weights of two queries. */
  static final int PIECE = 256;

  /** A table has an address for each group of a piece. */
  static final int TABLE_BYTES = PIECE / 16 * Long.BYTES;

  // the tables, one behind the other
  static final int KEYS = 0;
  static final int AHEAD = 1;
  static final int VALUES = 2;
  static final int KEY_SCALES = 3;
  static final int VALUE_SCALES = 4;
  static final int TABLE_COUNT = 5;

  private static final int WEIGHT_STRIDE = PIECE * Float.BYTES;
  private static final int LANE_COUNT = 16;
  private static final int VECTOR = 64;

  /** Sums of values that are formed at the same time. */
  private static final int MOST_SUMS = 24;

  private static final Gp ARGUMENTS = Gp.RDI;
  private static final Gp CONSTANT_TABLE = Gp.RSI;
  private static final Gp TOKEN_SCALES = Gp.RSI;
  private static final Gp LEFT = Gp.RAX;
  private static final Gp TABLE = Gp.RCX;
  private static final Gp GROUP = Gp.RDX;
  private static final Gp WEIGHT = Gp.R8;
  private static final Gp AHEAD_KEYS = Gp.R9;
  private static final Gp AHEAD_VALUES = Gp.R10;
  private static final Gp ROW = Gp.R9;
  private static final Gp TOKEN = Gp.R10;
  private static final Gp LANE = Gp.R11;
  private static final Gp GROUP_SCALES = Gp.R11;
  private static final Gp MASK = Gp.RBX;
  private static final Gp TILES_LEFT = Gp.R12;
  private static final Gp QUERIES = Gp.R13;
  private static final Gp TILE_MASKS = Gp.R14;
  private static final Gp TILE_OUT = Gp.R15;
  private static final Gp[] SAVED = {Gp.RBX, Gp.R12, Gp.R13, Gp.R14, Gp.R15};

  private final Assembler a;
  private final ExpEmitter exp;
  private final HeadLayout layout;
  private final int headSize;
  private final int queries;

  /**
   * @param queries queries of every tile
   */
  AttentionEmitter(Assembler a, HeadLayout layout, int queries) {
    if (queries < 1 || queries > TILE) {
      throw new IllegalArgumentException("attention: " + queries + " queries");
    }
    this.a = a;
    exp = new ExpEmitter(a, CONSTANT_TABLE);
    this.layout = layout;
    headSize = layout.headSize();
    this.queries = queries;
  }

  /** Returns the bytes of scratch memory for weights. */
  static int weightBytes() {
    return TILE * WEIGHT_STRIDE;
  }

  /** Returns the bytes of scratch memory for lanes. */
  static int laneBytes() {
    return LANE_COUNT * MOST_SUMS * VECTOR;
  }

  /** Returns the bytes of scratch memory for scales as floats: of keys, then of values. */
  static int scaleBytes(HeadLayout layout) {
    return 2 * PIECE / LANE_COUNT * layout.blocks() * VECTOR;
  }

  /** Returns the bytes of a query's outputs: values, greatest score, sum of weights, a gap. */
  static int outBytes(int headSize) {
    return (headSize + 16) * Float.BYTES;
  }

  void emit() {
    Label tile = new Label();
    for (Gp register : SAVED) {
      a.push(register);
    }
    a.mov(TILES_LEFT, ARGUMENTS.at(TILES));
    a.mov(QUERIES, ARGUMENTS.at(QUERY));
    a.mov(TILE_MASKS, ARGUMENTS.at(MASKS));
    a.mov(TILE_OUT, ARGUMENTS.at(OUT));
    if (layout.bytes()) {
      emitScales();
    }
    a.align(32);
    a.place(tile);
    emitScores();
    a.mov(CONSTANT_TABLE, ARGUMENTS.at(CONSTANTS));
    for (int query = 0; query < queries; query++) {
      emitSoftmax(query);
    }
    int chunks = headSize / 16;
    int together = Math.min(chunks, MOST_SUMS / queries);
    for (int chunk = 0; chunk < chunks; chunk += together) {
      emitValues(chunk, Math.min(together, chunks - chunk));
    }
    a.add(QUERIES, queries * headSize * Float.BYTES);
    a.add(TILE_MASKS, queries * VECTOR);
    a.add(TILE_OUT, queries * outBytes(headSize));
    a.dec(TILES_LEFT);
    a.jump(Condition.NOT_ZERO, tile);
    a.vzeroupper();
    for (int i = SAVED.length - 1; i >= 0; i--) {
      a.pop(SAVED[i]);
    }
    a.ret();
  }

  /** Brings the scales of all groups into floats. */
  private void emitScales() {
    Label group = new Label();
    Vec scales = Vec.zmm(0);
    a.mov(TABLE, ARGUMENTS.at(TABLES));
    a.mov(GROUP_SCALES, ARGUMENTS.at(SCALES));
    a.mov(LEFT, ARGUMENTS.at(GROUPS));
    a.place(group);
    a.mov(GROUP, table(KEY_SCALES));
    for (int block = 0; block < layout.blocks(); block++) {
      a.vcvtph2ps(scales, GROUP.at(block * HeadLayout.PAGE * Short.BYTES));
      a.vmovups(GROUP_SCALES.at(block * VECTOR), scales);
    }
    a.mov(GROUP, table(VALUE_SCALES));
    for (int vector = 0; vector < layout.blocks(); vector++) {
      a.vcvtph2ps(scales, GROUP.at(vector * LANE_COUNT * Short.BYTES));
      a.vmovups(GROUP_SCALES.at(scaleBytes(layout) / 2 + vector * VECTOR), scales);
    }
    a.add(TABLE, Long.BYTES);
    a.add(GROUP_SCALES, layout.blocks() * VECTOR);
    a.dec(LEFT);
    a.jump(Condition.NOT_ZERO, group);
  }

  private static Mem table(int table) {
    return TABLE.at(table * TABLE_BYTES);
  }

  // Scores: register 31 the scale, 30 keys, the rest partial sums, five a query.

  private void emitScores() {
    Label group = new Label();
    Vec scale = Vec.zmm(31);
    Vec keys = Vec.zmm(30);
    a.vbroadcastss(scale, ARGUMENTS.at(SCALE));
    a.mov(TABLE, ARGUMENTS.at(TABLES));
    a.mov(WEIGHT, ARGUMENTS.at(WEIGHTS));
    a.mov(LEFT, ARGUMENTS.at(GROUPS));
    if (layout.bytes()) {
      a.mov(GROUP_SCALES, ARGUMENTS.at(SCALES));
    }
    a.place(group);
    a.mov(GROUP, table(KEYS));
    a.mov(AHEAD_KEYS, table(AHEAD));
    a.mov(AHEAD_VALUES, table(VALUES));
    int depth = 0;
    for (int leaf = 0; leaf < LANE_COUNT; leaf++) {
      emitPrefetch(leaf);
      int lane = Integer.reverse(leaf) >>> 28;
      for (int query = 0; query < queries; query++) {
        a.vpxord(partial(depth, query), partial(depth, query), partial(depth, query));
      }
      for (int d = lane; d < headSize; d += LANE_COUNT) {
        loadKeys(keys, d);
        for (int query = 0; query < queries; query++) {
          a.vfmadd231ps(
              partial(depth, query), keys, QUERIES.each((query * headSize + d) * Float.BYTES));
        }
      }
      for (int bits = leaf; (bits & 1) == 1; bits >>= 1) {
        depth--;
        for (int query = 0; query < queries; query++) {
          a.vaddps(partial(depth, query), partial(depth, query), partial(depth + 1, query));
        }
      }
      depth++;
    }
    for (int query = 0; query < queries; query++) {
      a.vmulps(partial(0, query), partial(0, query), scale);
      a.vmovups(WEIGHT.at(query * WEIGHT_STRIDE), partial(0, query));
    }
    if (layout.bytes()) {
      a.add(GROUP_SCALES, layout.blocks() * VECTOR);
    }
    a.add(TABLE, Long.BYTES);
    a.add(WEIGHT, VECTOR);
    a.dec(LEFT);
    a.jump(Condition.NOT_ZERO, group);
  }

  /** A dimension of the keys of a group. */
  private void loadKeys(Vec keys, int dimension) {
    Mem stored = GROUP.at(dimension * HeadLayout.PAGE * layout.elementBytes());
    if (layout.bytes()) {
      a.vpmovsxbd(keys, stored);
      a.vcvtdq2ps(keys, keys);
      a.vmulps(keys, keys, GROUP_SCALES.at(layout.block(dimension) * VECTOR));
    } else {
      a.vcvtph2ps(keys, stored);
    }
  }

  /**
   * Asks for a sixteenth of the group's values and of half a page of keys: pages lie apart, so the
   * processor does not foresee them.
   */
  private void emitPrefetch(int leaf) {
    int lines = (layout.pageBytes() / 2 + VECTOR - 1) / VECTOR;
    for (int line = leaf; line < lines; line += LANE_COUNT) {
      a.prefetcht1(AHEAD_VALUES.at(line * VECTOR));
      a.prefetcht1(AHEAD_KEYS.at(line * VECTOR));
    }
  }

  private Vec partial(int depth, int query) {
    return Vec.zmm(depth * queries + query);
  }

  // Softmax of one query: 0 the greatest score, 1 the sum, 2 to 6 the exponential.

  private void emitSoftmax(int query) {
    Vec max = Vec.zmm(0);
    Vec sum = Vec.zmm(1);
    Vec tail = Vec.zmm(2);
    Vec nothing = Vec.zmm(3);
    Mem mask = TILE_MASKS.at(query * VECTOR);
    int extremes = query * outBytes(headSize) + headSize * Float.BYTES;
    // behind the last token stands -inf, by which no maximum changes
    a.zero(TABLE);
    a.lea(TABLE, TABLE.at(Float.floatToRawIntBits(Float.NEGATIVE_INFINITY)));
    a.push(TABLE);
    a.vpbroadcastd(nothing, Gp.RSP.at(0));
    a.pop(TABLE);
    seekLast(query);
    a.vpxord(tail, nothing, WEIGHT.at(0));
    a.vpandd(tail, tail, mask);
    a.vpxord(tail, tail, nothing);
    a.vmovups(WEIGHT.at(0), tail);
    begin(query);
    a.vmovups(max, WEIGHT.at(0));
    Label greatest = new Label();
    a.place(greatest);
    a.vmaxps(max, max, WEIGHT.at(0));
    next(greatest);
    join(max, Vec.zmm(2), true);
    a.vmovss(TILE_OUT.at(extremes), Vec.xmm(0));
    a.vbroadcastss(max, Vec.xmm(0));
    begin(query);
    Label exponential = new Label();
    a.place(exponential);
    a.vmovups(Vec.zmm(2), WEIGHT.at(0));
    a.vsubps(Vec.zmm(2), Vec.zmm(2), max);
    exp.emit();
    a.vmovups(WEIGHT.at(0), Vec.zmm(3));
    next(exponential);
    // and then zero, which adds nothing
    seekLast(query);
    a.vmovups(tail, WEIGHT.at(0));
    a.vpandd(tail, tail, mask);
    a.vmovups(WEIGHT.at(0), tail);
    begin(query);
    a.vpxord(sum, sum, sum);
    Label total = new Label();
    a.place(total);
    a.vaddps(sum, sum, WEIGHT.at(0));
    next(total);
    join(sum, Vec.zmm(2), false);
    a.vmovss(TILE_OUT.at(extremes + Float.BYTES), Vec.xmm(1));
  }

  private void begin(int query) {
    a.mov(WEIGHT, ARGUMENTS.at(WEIGHTS));
    a.add(WEIGHT, query * WEIGHT_STRIDE);
    a.mov(LEFT, ARGUMENTS.at(GROUPS));
  }

  private void next(Label loop) {
    a.add(WEIGHT, VECTOR);
    a.dec(LEFT);
    a.jump(Condition.NOT_ZERO, loop);
  }

  /** Goes to a query's weights of the last group. */
  private void seekLast(int query) {
    a.mov(LEFT, ARGUMENTS.at(GROUPS));
    a.dec(LEFT);
    a.shl(LEFT, 6);
    a.mov(WEIGHT, ARGUMENTS.at(WEIGHTS));
    a.add(WEIGHT, LEFT);
    a.add(WEIGHT, query * WEIGHT_STRIDE);
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

  // Values: registers 31 and 30 values, the rest sums of every query and chunk of 16 dimensions.

  private void emitValues(int firstChunk, int chunks) {
    Label lane = new Label();
    Label group = new Label();
    Label last = new Label();
    a.mov(LANE, ARGUMENTS.at(LANES));
    a.zero(TOKEN); // the lane: a token of each group
    a.place(lane);
    int sums = queries * chunks;
    for (int i = 0; i < sums; i++) {
      a.vpxord(Vec.zmm(i), Vec.zmm(i), Vec.zmm(i));
    }
    a.mov(WEIGHT, ARGUMENTS.at(WEIGHTS));
    a.lea(WEIGHT, WEIGHT.at(TOKEN, Float.BYTES, 0));
    a.lea(MASK, TILE_MASKS.at(TOKEN, Float.BYTES, 0));
    a.mov(TABLE, ARGUMENTS.at(TABLES));
    a.imul(ROW, TOKEN, headSize * layout.elementBytes());
    if (layout.bytes()) {
      a.mov(GROUP, ARGUMENTS.at(SCALES));
      a.imul(TOKEN_SCALES, TOKEN, layout.blocks() * Float.BYTES);
      a.lea(TOKEN_SCALES, GROUP.at(TOKEN_SCALES, 1, scaleBytes(layout) / 2));
    }
    a.mov(LEFT, ARGUMENTS.at(GROUPS));
    a.dec(LEFT);
    a.jump(Condition.ZERO, last);
    a.place(group);
    emitTokens(firstChunk, chunks, false);
    if (layout.bytes()) {
      a.add(TOKEN_SCALES, layout.blocks() * VECTOR);
    }
    a.add(TABLE, Long.BYTES);
    a.add(WEIGHT, VECTOR);
    a.dec(LEFT);
    a.jump(Condition.NOT_ZERO, group);
    a.place(last);
    emitTokens(firstChunk, chunks, true);
    for (int i = 0; i < sums; i++) {
      a.vmovups(LANE.at(i * VECTOR), Vec.zmm(i));
    }
    a.add(LANE, sums * VECTOR);
    a.add(TOKEN, 1);
    a.cmp(TOKEN, LANE_COUNT);
    a.jump(Condition.NOT_ZERO, lane);
    a.mov(LANE, ARGUMENTS.at(LANES));
    for (int query = 0; query < queries; query++) {
      for (int chunk = 0; chunk < chunks; chunk++) {
        emitTree(query * chunks + chunk, sums);
        a.vmovups(
            TILE_OUT.at(query * outBytes(headSize) + (firstChunk + chunk) * VECTOR), Vec.zmm(0));
      }
    }
  }

  /** A token of one group. A token that a query does not see is zero to it, not times zero. */
  private void emitTokens(int firstChunk, int chunks, boolean masked) {
    Vec values = Vec.zmm(31);
    Vec seen = Vec.zmm(30);
    a.mov(GROUP, table(VALUES));
    for (int chunk = 0; chunk < chunks; chunk++) {
      loadValues(values, (firstChunk + chunk) * 16);
      for (int query = 0; query < queries; query++) {
        if (masked) {
          a.vpandd(seen, values, MASK.each(query * VECTOR));
        }
        a.vfmadd231ps(
            Vec.zmm(query * chunks + chunk),
            masked ? seen : values,
            WEIGHT.each(query * WEIGHT_STRIDE));
      }
    }
  }

  /** Sixteen dimensions, from one on, of the values of a token. */
  private void loadValues(Vec values, int dimension) {
    Mem stored = GROUP.at(ROW, 1, dimension * layout.elementBytes());
    if (layout.bytes()) {
      a.vpmovsxbd(values, stored);
      a.vcvtdq2ps(values, values);
      a.vmulps(values, values, TOKEN_SCALES.each(layout.block(dimension) * Float.BYTES));
    } else {
      a.vcvtph2ps(values, stored);
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
