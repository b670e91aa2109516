package dev.ponder.engine.machine;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * What the processor says about itself, as far as kernels care.
 *
 * @param maxLeaf the greatest CPUID leaf
 * @param ecx1 leaf 1, register ECX
 * @param ebx7 leaf 7.0, register EBX
 * @param ecx7 leaf 7.0, register ECX
 * @param eax71 leaf 7.1, register EAX
 * @param xcr0 the register states that the operating system keeps, 0 if it does not say
 */
@SuppressWarnings("restricted") // native access is what this class is for
record Cpu(int maxLeaf, int ecx1, int ebx7, int ecx7, int eax71, int xcr0) {
  private static final int FMA = 1 << 12;
  private static final int OSXSAVE = 1 << 27;
  private static final int AVX = 1 << 28;
  private static final int F16C = 1 << 29;
  private static final int AVX2 = 1 << 5;
  private static final int AVX512_F = 1 << 16;
  private static final int AVX512_DQ = 1 << 17;
  private static final int AVX512_BW = 1 << 30;
  private static final int AVX512_VL = 1 << 31;
  private static final int AVX512_VNNI = 1 << 11;
  private static final int AVX_VNNI = 1 << 4;
  private static final int YMM_STATE = 0x6;
  private static final int ZMM_STATE = 0xE6;

  /** Asks the processor, by a few instructions of our own. */
  static Cpu ask(Libc libc) {
    Assembler a = new Assembler();
    emitCpuid(a);
    a.align(16);
    int second = a.size();
    emitXgetbv(a);
    CodeMemory code = new CodeMemory(libc, a.bytes());
    Linker linker = Linker.nativeLinker();
    MethodHandle cpuid =
        linker.downcallHandle(
            code.at(0),
            FunctionDescriptor.ofVoid(ADDRESS, JAVA_INT, JAVA_INT),
            Linker.Option.critical(false));
    MethodHandle xgetbv =
        linker.downcallHandle(
            code.at(second), FunctionDescriptor.ofVoid(ADDRESS), Linker.Option.critical(false));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(16, 16);
      cpuid.invokeExact(out, 0, 0);
      int maxLeaf = out.get(JAVA_INT, 0);
      cpuid.invokeExact(out, 1, 0);
      int ecx1 = out.get(JAVA_INT, 8);
      int ebx7 = 0;
      int ecx7 = 0;
      int eax71 = 0;
      if (maxLeaf >= 7) {
        cpuid.invokeExact(out, 7, 0);
        int subLeaves = out.get(JAVA_INT, 0);
        ebx7 = out.get(JAVA_INT, 4);
        ecx7 = out.get(JAVA_INT, 8);
        if (subLeaves >= 1) {
          cpuid.invokeExact(out, 7, 1);
          eax71 = out.get(JAVA_INT, 0);
        }
      }
      int xcr0 = 0;
      if ((ecx1 & OSXSAVE) != 0) {
        xgetbv.invokeExact(out);
        xcr0 = out.get(JAVA_INT, 0);
      }
      return new Cpu(maxLeaf, ecx1, ebx7, ecx7, eax71, xcr0);
    } catch (Throwable e) {
      throw Libc.unexpected(e);
    }
  }

  /** {@code void cpuid(int out[4], int leaf, int subLeaf)}: EAX, EBX, ECX, EDX. */
  static void emitCpuid(Assembler a) {
    a.push(Gp.RBX);
    a.mov(Gp.R8, Gp.RDI);
    a.mov32(Gp.RAX, Gp.RSI);
    a.mov32(Gp.RCX, Gp.RDX);
    a.cpuid();
    a.mov32(Gp.R8.at(0), Gp.RAX);
    a.mov32(Gp.R8.at(4), Gp.RBX);
    a.mov32(Gp.R8.at(8), Gp.RCX);
    a.mov32(Gp.R8.at(12), Gp.RDX);
    a.pop(Gp.RBX);
    a.ret();
  }

  /** {@code void xgetbv(int out[1])}: the lower half of XCR0. */
  static void emitXgetbv(Assembler a) {
    a.zero(Gp.RCX);
    a.xgetbv();
    a.mov32(Gp.RDI.at(0), Gp.RAX);
    a.ret();
  }

  /** Returns the widest instruction set that kernels are written for, or null. */
  @Nullable InstructionSet instructionSet() {
    for (InstructionSet set : InstructionSet.values()) {
      if (runs(set)) {
        return set;
      }
    }
    return null;
  }

  boolean runs(InstructionSet set) {
    boolean ymm = has(ecx1, AVX | FMA | F16C | OSXSAVE) && has(ebx7, AVX2) && has(xcr0, YMM_STATE);
    return ymm
        && switch (set) {
          case AVX512_VNNI ->
              has(ebx7, AVX512_F | AVX512_DQ | AVX512_BW | AVX512_VL)
                  && has(ecx7, AVX512_VNNI)
                  && has(xcr0, ZMM_STATE);
          case AVX_VNNI -> has(eax71, AVX_VNNI);
        };
  }

  private static boolean has(int register, int bits) {
    return (register & bits) == bits;
  }
}
