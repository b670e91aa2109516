package dev.ponder.engine.machine;

/** A vector register: number 0 to 31 (0 to 15 without EVEX) at 128, 256 or 512 bits. */
record Vec(int number, int bits) implements Operand {
  Vec {
    if (number < 0 || number > 31 || (bits != 128 && bits != 256 && bits != 512)) {
      throw new IllegalArgumentException("vector register: " + number + " of " + bits + " bits");
    }
  }

  static Vec xmm(int number) {
    return new Vec(number, 128);
  }

  static Vec ymm(int number) {
    return new Vec(number, 256);
  }

  static Vec zmm(int number) {
    return new Vec(number, 512);
  }

  int bytes() {
    return bits / 8;
  }
}
