package dev.ponder.engine.machine;

/** The instruction sets that kernels are written for, the best first. */
public enum InstructionSet {
  /** 512-bit registers with integer dot products. */
  AVX512_VNNI("AVX512-VNNI"),
  /** 256-bit registers with integer dot products. */
  AVX_VNNI("AVX-VNNI");

  private final String label;

  InstructionSet(String label) {
    this.label = label;
  }

  @Override
  public String toString() {
    return label;
  }
}
