package dev.ponder.engine.machine;

/** The general-purpose registers, with their numbers. */
enum Gp {
  RAX(0),
  RCX(1),
  RDX(2),
  RBX(3),
  RSP(4),
  RBP(5),
  RSI(6),
  RDI(7),
  R8(8),
  R9(9),
  R10(10),
  R11(11),
  R12(12),
  R13(13),
  R14(14),
  R15(15);

  private final int number;

  Gp(int number) {
    this.number = number;
  }

  int number() {
    return number;
  }

  /** Memory at this register plus a displacement. */
  Mem at(int displacement) {
    return new Mem(this, null, 1, displacement, false);
  }

  /** Memory at this register plus {@code scale * index} plus a displacement. */
  Mem at(Gp index, int scale, int displacement) {
    return new Mem(this, index, scale, displacement, false);
  }

  /** Four bytes of memory, repeated to fill the vector. */
  Mem each(int displacement) {
    return new Mem(this, null, 1, displacement, true);
  }
}
