package dev.ponder.engine.machine;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Writes x86-64 instructions as bytes: the few dozen that the kernels use, named as in Intel's
 * Software Developer's Manual (volume 2 gives the encodings). Operands come in Intel's order,
 * destination first. A vector instruction takes the VEX form where that exists and suffices
 * (registers 0 to 15, no 512 bits, no broadcast), else the EVEX form.
 */
final class Assembler {
  private static final int NONE = 0;
  private static final int P66 = 1;
  private static final int PF3 = 2;
  private static final int MAP_0F = 1;
  private static final int MAP_0F38 = 2;

  /** What a memory operand spans, which EVEX counts 8-bit displacements in. */
  private enum Span {
    FULL,
    HALF,
    QUARTER,
    SCALAR;

    int bytes(int vectorBytes) {
      return switch (this) {
        case FULL -> vectorBytes;
        case HALF -> vectorBytes / 2;
        case QUARTER -> vectorBytes / 4;
        case SCALAR -> 4;
      };
    }
  }

  /**
   * A vector instruction.
   *
   * @param prefix the mandatory prefix, as VEX and EVEX number it
   * @param map the opcode map
   * @param wide the W bit of the EVEX form
   * @param evexOnly whether there is no VEX form
   */
  private record Op(int prefix, int map, int opcode, boolean wide, Span span, boolean evexOnly) {}

  private static Op op(int prefix, int map, int opcode) {
    return new Op(prefix, map, opcode, false, Span.FULL, false);
  }

  private static final Op LOAD = op(NONE, MAP_0F, 0x10);
  private static final Op STORE = op(NONE, MAP_0F, 0x11);
  private static final Op ADD_PS = op(NONE, MAP_0F, 0x58);
  private static final Op MUL_PS = op(NONE, MAP_0F, 0x59);
  private static final Op SUB_PS = op(NONE, MAP_0F, 0x5C);
  private static final Op MIN_PS = op(NONE, MAP_0F, 0x5D);
  private static final Op DIV_PS = op(NONE, MAP_0F, 0x5E);
  private static final Op MAX_PS = op(NONE, MAP_0F, 0x5F);
  private static final Op CVT_DQ_PS = op(NONE, MAP_0F, 0x5B);
  private static final Op CVT_PS_DQ = op(P66, MAP_0F, 0x5B);
  private static final Op SHIFT_D = op(P66, MAP_0F, 0x72);
  private static final Op AND_D = op(P66, MAP_0F, 0xDB);
  private static final Op OR_D = op(P66, MAP_0F, 0xEB);
  private static final Op XOR_D = op(P66, MAP_0F, 0xEF);
  private static final Op SUB_D = op(P66, MAP_0F, 0xFA);
  private static final Op ADD_D = op(P66, MAP_0F, 0xFE);
  private static final Op CVT_PH_PS = new Op(P66, MAP_0F38, 0x13, false, Span.HALF, false);
  private static final Op BROADCAST_SS = new Op(P66, MAP_0F38, 0x18, false, Span.SCALAR, false);
  private static final Op MOV_SX_BD = new Op(P66, MAP_0F38, 0x21, false, Span.QUARTER, false);
  private static final Op MOV_ZX_BD = new Op(P66, MAP_0F38, 0x31, false, Span.QUARTER, false);
  private static final Op MOV_DB = new Op(PF3, MAP_0F38, 0x31, false, Span.QUARTER, true);
  private static final Op MAX_SD = op(P66, MAP_0F38, 0x3D);
  private static final Op DP_BUSD = op(P66, MAP_0F38, 0x50);
  private static final Op BROADCAST_D = new Op(P66, MAP_0F38, 0x58, false, Span.SCALAR, false);
  private static final Op FMADD_213 = op(P66, MAP_0F38, 0xA8);
  private static final Op FMADD_231 = op(P66, MAP_0F38, 0xB8);
  private static final Op EXTRACT_F64X4 = new Op(P66, 3, 0x1B, true, Span.HALF, true);
  private static final Op EXTRACT_F128 = new Op(P66, 3, 0x19, false, Span.HALF, false);
  private static final Op SHUFFLE_D = op(P66, MAP_0F, 0x70);

  private static final Op STORE_SS = op(PF3, MAP_0F, 0x11);
  private static final Op COMPARE_SS = op(NONE, MAP_0F, 0x2E);

  private byte[] code = new byte[1024];
  private int size;

  /** Returns the bytes written so far; every label used must have been placed. */
  byte[] bytes() {
    return Arrays.copyOf(code, size);
  }

  int size() {
    return size;
  }

  // Vector instructions.

  void vmovups(Vec to, Mem from) {
    vector(LOAD, to, null, from);
  }

  void vmovups(Mem to, Vec from) {
    vector(STORE, from, null, to);
  }

  void vmovups(Vec to, Vec from) {
    vector(LOAD, to, null, from);
  }

  void vaddps(Vec to, Vec a, Operand b) {
    vector(ADD_PS, to, a, b);
  }

  void vsubps(Vec to, Vec a, Operand b) {
    vector(SUB_PS, to, a, b);
  }

  void vmulps(Vec to, Vec a, Operand b) {
    vector(MUL_PS, to, a, b);
  }

  void vdivps(Vec to, Vec a, Operand b) {
    vector(DIV_PS, to, a, b);
  }

  /** {@code a < b ? a : b}: the last operand where one is NaN, or both are zero. */
  void vminps(Vec to, Vec a, Operand b) {
    vector(MIN_PS, to, a, b);
  }

  /** {@code a > b ? a : b}: the last operand where one is NaN, or both are zero. */
  void vmaxps(Vec to, Vec a, Operand b) {
    vector(MAX_PS, to, a, b);
  }

  /** {@code to = to * a + b}, rounded once. */
  void vfmadd213ps(Vec to, Vec a, Operand b) {
    vector(FMADD_213, to, a, b);
  }

  /** {@code to = a * b + to}, rounded once. */
  void vfmadd231ps(Vec to, Vec a, Operand b) {
    vector(FMADD_231, to, a, b);
  }

  void vcvtdq2ps(Vec to, Operand from) {
    vector(CVT_DQ_PS, to, null, from);
  }

  /** Rounds to the nearest integer, ties to even (the mode that the JVM leaves set). */
  void vcvtps2dq(Vec to, Operand from) {
    vector(CVT_PS_DQ, to, null, from);
  }

  /** Half floats, half as many bytes as the destination, to floats. */
  void vcvtph2ps(Vec to, Mem from) {
    vector(CVT_PH_PS, to, null, from);
  }

  void vpandd(Vec to, Vec a, Operand b) {
    vector(AND_D, to, a, b);
  }

  void vpord(Vec to, Vec a, Operand b) {
    vector(OR_D, to, a, b);
  }

  void vpxord(Vec to, Vec a, Operand b) {
    vector(XOR_D, to, a, b);
  }

  void vpaddd(Vec to, Vec a, Operand b) {
    vector(ADD_D, to, a, b);
  }

  void vpsubd(Vec to, Vec a, Operand b) {
    vector(SUB_D, to, a, b);
  }

  void vpmaxsd(Vec to, Vec a, Operand b) {
    vector(MAX_SD, to, a, b);
  }

  void vpsrld(Vec to, Vec from, int bits) {
    shift(2, to, from, bits);
  }

  void vpsrad(Vec to, Vec from, int bits) {
    shift(4, to, from, bits);
  }

  void vpslld(Vec to, Vec from, int bits) {
    shift(6, to, from, bits);
  }

  /** Per 32-bit lane: adds the four products of unsigned bytes of a and signed bytes of b. */
  void vpdpbusd(Vec acc, Vec a, Operand b) {
    vector(DP_BUSD, acc, a, b);
  }

  void vbroadcastss(Vec to, Mem from) {
    vector(BROADCAST_SS, to, null, from);
  }

  void vbroadcastss(Vec to, Vec from) {
    vector(BROADCAST_SS, to, null, Vec.xmm(from.number()));
  }

  void vpbroadcastd(Vec to, Mem from) {
    vector(BROADCAST_D, to, null, from);
  }

  /** Signed bytes, a quarter as many as the destination has, to integers. */
  void vpmovsxbd(Vec to, Mem from) {
    vector(MOV_SX_BD, to, null, from);
  }

  /** Unsigned bytes, a quarter as many as the destination has, to integers. */
  void vpmovzxbd(Vec to, Mem from) {
    vector(MOV_ZX_BD, to, null, from);
  }

  /** The low bytes of the integers. */
  void vpmovdb(Mem to, Vec from) {
    vector(MOV_DB, from, null, to);
  }

  /** The upper 256 bits. */
  void vextractf64x4(Vec to, Vec from) {
    encode(EXTRACT_F64X4, from.number(), 0, Vec.ymm(to.number()), 512);
    emit(1);
  }

  /** The upper 128 of 256 bits. */
  void vextractf128(Vec to, Vec from) {
    encode(EXTRACT_F128, from.number(), 0, Vec.xmm(to.number()), 256);
    emit(1);
  }

  void vpshufd(Vec to, Vec from, int order) {
    vector(SHUFFLE_D, to, null, from);
    emit(order);
  }

  /** The lowest float, from one of the lower sixteen 128-bit registers. */
  void vmovss(Mem to, Vec from) {
    vector(STORE_SS, from, null, to);
  }

  /** Compares the lowest floats and sets the flags as unsigned integers do; NaN is below. */
  void vucomiss(Vec a, Vec b) {
    vector(COMPARE_SS, a, null, b);
  }

  void vzeroupper() {
    emit(0xC5, 0xF8, 0x77);
  }

  private void vector(Op op, Vec reg, @Nullable Vec second, Operand last) {
    encode(op, reg.number(), second == null ? 0 : second.number(), last, reg.bits());
  }

  private void shift(int extension, Vec to, Vec from, int bits) {
    encode(SHIFT_D, extension, to.number(), from, to.bits());
    emit(bits);
  }

  /** Writes an instruction up to its immediate. */
  private void encode(Op op, int reg, int second, Operand last, int bits) {
    int base;
    int index = 0;
    boolean broadcast = false;
    switch (last) {
      case Vec v -> {
        base = v.number();
        index = v.number() >> 4 << 3; // the fifth bit of the number takes the place of the index
      }
      case Mem m -> {
        base = m.base().number();
        index = m.index() == null ? 0 : m.index().number();
        broadcast = m.broadcast();
      }
    }
    boolean high = reg > 15 || second > 15 || (last instanceof Vec v && v.number() > 15);
    if (op.evexOnly || bits == 512 || broadcast || high) {
      int length = bits == 512 ? 2 : bits == 256 ? 1 : 0;
      emit(0x62);
      emit(
          inverted(reg >> 3, 7)
              | inverted(index >> 3, 6)
              | inverted(base >> 3, 5)
              | inverted(reg >> 4, 4)
              | op.map);
      emit((op.wide ? 0x80 : 0) | (~second & 15) << 3 | 4 | op.prefix);
      emit(length << 5 | (broadcast ? 0x10 : 0) | inverted(second >> 4, 3));
      emit(op.opcode);
      int unit = broadcast ? 4 : op.span.bytes(bits / 8);
      operand(reg, last, unit);
      return;
    }
    int tail = (~second & 15) << 3 | (bits == 256 ? 4 : 0) | op.prefix;
    if (op.map == MAP_0F && index < 8 && base < 8) {
      emit(0xC5, inverted(reg >> 3, 7) | tail);
    } else {
      emit(0xC4);
      emit(inverted(reg >> 3, 7) | inverted(index >> 3, 6) | inverted(base >> 3, 5) | op.map);
      emit(tail);
    }
    emit(op.opcode);
    operand(reg, last, 1);
  }

  private static int inverted(int bit, int place) {
    return (~bit & 1) << place;
  }

  // General-purpose instructions, all on 64 bits unless they say otherwise.

  void mov(Gp to, Gp from) {
    general(from.number(), to.number(), true, 0x89);
    emit(0xC0 | (from.number() & 7) << 3 | (to.number() & 7));
  }

  void mov(Gp to, Mem from) {
    memory(0x8B, to.number(), from, true);
  }

  void mov(Mem to, Gp from) {
    memory(0x89, from.number(), to, true);
  }

  /** Stores the lower 32 bits. */
  void mov32(Mem to, Gp from) {
    memory(0x89, from.number(), to, false);
  }

  void mov32(Gp to, Gp from) {
    general(from.number(), to.number(), false, 0x89);
    emit(0xC0 | (from.number() & 7) << 3 | (to.number() & 7));
  }

  void lea(Gp to, Mem from) {
    memory(0x8D, to.number(), from, true);
  }

  void add(Gp to, Gp from) {
    registers(0x01, to, from);
  }

  void sub(Gp to, Gp from) {
    registers(0x29, to, from);
  }

  void cmp(Gp a, Gp b) {
    registers(0x39, a, b);
  }

  void test(Gp a, Gp b) {
    registers(0x85, a, b);
  }

  void add(Gp to, int value) {
    immediate(0, to, value);
  }

  void sub(Gp to, int value) {
    immediate(5, to, value);
  }

  void cmp(Gp a, int value) {
    immediate(7, a, value);
  }

  /** {@code to = a * factor}, the factor in four bytes. */
  void imul(Gp to, Gp a, int factor) {
    general(to.number(), a.number(), true, 0x69);
    emit(0xC0 | (to.number() & 7) << 3 | (a.number() & 7));
    word(factor);
  }

  void shl(Gp to, int bits) {
    general(0, to.number(), true, 0xC1);
    emit(0xE0 | (to.number() & 7), bits);
  }

  void dec(Gp to) {
    general(0, to.number(), true, 0xFF);
    emit(0xC8 | (to.number() & 7));
  }

  /** Zero, through the lower 32 bits. */
  void zero(Gp to) {
    general(to.number(), to.number(), false, 0x31);
    emit(0xC0 | (to.number() & 7) * 9);
  }

  void push(Gp from) {
    if (from.number() > 7) {
      emit(0x41);
    }
    emit(0x50 | (from.number() & 7));
  }

  void pop(Gp to) {
    if (to.number() > 7) {
      emit(0x41);
    }
    emit(0x58 | (to.number() & 7));
  }

  void ret() {
    emit(0xC3);
  }

  void cpuid() {
    emit(0x0F, 0xA2);
  }

  void xgetbv() {
    emit(0x0F, 0x01, 0xD0);
  }

  /** Asks for a cache line; harmless at any address. */
  void prefetcht0(Mem at) {
    prefetch(1, at);
  }

  /** Asks for a cache line in the second-level cache. */
  void prefetcht1(Mem at) {
    prefetch(2, at);
  }

  private void prefetch(int hint, Mem at) {
    prefix(0, at, false);
    emit(0x0F, 0x18);
    operand(hint, at, 1);
  }

  void jump(Label to) {
    emit(0xE9);
    displacement(to);
  }

  void jump(Condition when, Label to) {
    emit(0x0F, 0x80 | when.code);
    displacement(to);
  }

  /** Places a label here. */
  void place(Label label) {
    if (label.at >= 0) {
      throw new IllegalStateException("label: placed twice");
    }
    label.at = size;
    for (int at : label.waiting) {
      patch(at, size - (at + 4));
    }
    label.waiting.clear();
  }

  /** Fills up to a multiple with instructions that do nothing. */
  void align(int multiple) {
    while (size % multiple != 0) {
      emit(0x90);
    }
  }

  private void displacement(Label to) {
    if (to.at < 0) {
      to.waiting.add(size);
      word(0);
    } else {
      word(to.at - (size + 4));
    }
  }

  private void registers(int opcode, Gp to, Gp from) {
    general(from.number(), to.number(), true, opcode);
    emit(0xC0 | (from.number() & 7) << 3 | (to.number() & 7));
  }

  private void immediate(int extension, Gp to, int value) {
    boolean small = value == (byte) value;
    general(0, to.number(), true, small ? 0x83 : 0x81);
    emit(0xC0 | extension << 3 | (to.number() & 7));
    if (small) {
      emit(value);
    } else {
      word(value);
    }
  }

  private void memory(int opcode, int reg, Mem at, boolean wide) {
    prefix(reg, at, wide);
    emit(opcode);
    operand(reg, at, 1);
  }

  private void prefix(int reg, Mem at, boolean wide) {
    int index = at.index() == null ? 0 : at.index().number();
    int rex = (wide ? 8 : 0) | reg >> 3 << 2 | index >> 3 << 1 | at.base().number() >> 3;
    if (rex != 0) {
      emit(0x40 | rex);
    }
  }

  private void general(int reg, int base, boolean wide, int opcode) {
    int rex = (wide ? 8 : 0) | reg >> 3 << 2 | base >> 3;
    if (rex != 0) {
      emit(0x40 | rex);
    }
    emit(opcode);
  }

  /** ModRM, SIB and displacement; a short displacement counts in units. */
  private void operand(int reg, Operand last, int unit) {
    int field = (reg & 7) << 3;
    if (!(last instanceof Mem m)) {
      emit(0xC0 | field | (((Vec) last).number() & 7));
      return;
    }
    int base = m.base().number() & 7;
    int displacement = m.displacement();
    boolean whole = displacement % unit == 0;
    boolean small = whole && displacement / unit == (byte) (displacement / unit);
    int mode = displacement == 0 && base != 5 ? 0 : small ? 0x40 : 0x80;
    Gp index = m.index();
    if (index != null || base == 4) {
      int scale = Integer.numberOfTrailingZeros(m.scale()) << 6;
      emit(mode | field | 4, scale | (index == null ? 4 : index.number() & 7) << 3 | base);
    } else {
      emit(mode | field | base);
    }
    if (mode == 0x40) {
      emit(displacement / unit);
    } else if (mode == 0x80) {
      word(displacement);
    }
  }

  private void emit(int... bytes) {
    if (size + bytes.length > code.length) {
      code = Arrays.copyOf(code, 2 * code.length);
    }
    for (int b : bytes) {
      code[size++] = (byte) b;
    }
  }

  private void word(int value) {
    emit(value, value >> 8, value >> 16, value >> 24);
  }

  private void patch(int at, int value) {
    for (int i = 0; i < 4; i++) {
      code[at + i] = (byte) (value >> (8 * i));
    }
  }
}
