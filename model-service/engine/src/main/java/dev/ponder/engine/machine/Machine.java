package dev.ponder.engine.machine;

import org.jspecify.annotations.Nullable;

/**
 * What machine code needs from the process: the C library's memory functions, and the processor.
 */
public final class Machine {
  private Machine() {}

  /** Made once it is wanted: making it fails where native access is not granted. */
  private static @Nullable Libc libc;

  static synchronized Libc libc() {
    Libc made = libc;
    if (made == null) {
      made = new Libc();
      libc = made;
    }
    return made;
  }

  /**
   * Returns the instruction set to write kernels for.
   *
   * @throws MachineUnavailableException says why machine code cannot run here
   */
  public static InstructionSet detect() {
    return detect(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
  }

  static InstructionSet detect(String system, String arch) {
    InstructionSet set = cpu(system, arch).instructionSet();
    if (set == null) {
      throw new MachineUnavailableException("the processor has no VNNI", null);
    }
    return set;
  }

  /** Whether machine code for a set can run here, which more than one can. */
  public static boolean runs(InstructionSet set) {
    try {
      return cpu(System.getProperty("os.name", ""), System.getProperty("os.arch", "")).runs(set);
    } catch (MachineUnavailableException e) {
      return false;
    }
  }

  /** Whether {@link GuardedMemory} can be had here. */
  public static boolean mapsMemory() {
    try {
      checkSystem(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
      libc();
      return true;
    } catch (MachineUnavailableException e) {
      return false;
    }
  }

  private static Cpu cpu(String system, String arch) {
    checkSystem(system, arch);
    return Cpu.ask(libc());
  }

  private static void checkSystem(String system, String arch) {
    if (!system.equals("Linux") || !arch.equals("amd64")) {
      throw new MachineUnavailableException(
          "written for Linux on amd64, not " + system + " on " + arch, null);
    }
  }
}
