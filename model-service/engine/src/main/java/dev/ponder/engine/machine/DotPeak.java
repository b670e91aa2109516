package dev.ponder.engine.machine;

/**
 * How fast a thread can multiply bytes at all: dot products of registers, as many at a time as the
 * processor can have under way. Nothing is loaded or stored. Thread-safe.
 */
public final class DotPeak {
  /** Keeps a call well below a millisecond, since it holds up garbage collection. */
  private static final int ROUNDS = 20_000;

  private final InstructionSet set;
  private final CodeMemory code;

  /**
   * @throws MachineUnavailableException when the system refuses executable memory
   */
  public DotPeak(InstructionSet set) {
    this.set = set;
    Assembler a = new Assembler();
    Label loop = new Label();
    for (int i = 0; i < accumulators() + 2; i++) {
      a.vpxord(register(i), register(i), register(i));
    }
    a.align(32);
    a.place(loop);
    for (int i = 0; i < accumulators(); i++) {
      a.vpdpbusd(register(i), register(accumulators()), register(accumulators() + 1));
    }
    a.dec(Gp.RDI);
    a.jump(Condition.NOT_ZERO, loop);
    a.vzeroupper();
    a.ret();
    code = new CodeMemory(Machine.libc(), a.bytes());
  }

  private Vec register(int number) {
    return set == InstructionSet.AVX512_VNNI ? Vec.zmm(number) : Vec.ymm(number);
  }

  private int accumulators() {
    return set == InstructionSet.AVX512_VNNI ? 24 : 12;
  }

  /** Runs for a part of a millisecond; returns how many products that were. */
  public long run() {
    NativeCall.invoke(code.at(0), ROUNDS, 0, 0, 0);
    return (long) ROUNDS * accumulators() * register(0).bits() / Byte.SIZE;
  }
}
