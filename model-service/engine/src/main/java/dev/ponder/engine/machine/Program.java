package dev.ponder.engine.machine;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The kernels for one instruction set, emitted when first asked for. Thread-safe. */
public final class Program {
  /** Kernels begin at a cache line. */
  private static final int ALIGNMENT = 64;

  private final InstructionSet set;
  private final Map<List<Object>, TileProduct> products = new HashMap<>();
  private final Map<HeadLayout, PieceAttention> attentions = new HashMap<>();
  private final Map<Integer, Quantiser> quantisers = new HashMap<>();
  private final Map<String, byte[]> written = new HashMap<>();
  private final int[] exponential;
  private @Nullable MemorySegment constants;
  private @Nullable Gating gating;

  /**
   * @param exponential the words of the exponential, in the order of {@link ExpEmitter}; none if
   *     only products are wanted
   */
  public Program(InstructionSet set, int... exponential) {
    this.set = set;
    this.exponential = exponential.clone();
  }

  public InstructionSet instructionSet() {
    return set;
  }

  /**
   * Returns the product kernels for a layout.
   *
   * @param planes 1 for 8-bit activations, 2 for 16-bit ones
   * @throws MachineUnavailableException when the system refuses executable memory
   */
  public synchronized TileProduct product(TileLayout layout, int planes) {
    return products.computeIfAbsent(List.of(layout, planes), key -> emitProduct(layout, planes));
  }

  private TileProduct emitProduct(TileLayout layout, int planes) {
    Assembler a = new Assembler();
    new ProductEmitter(a, set, layout, new Activation(planes, 1), 1).emit();
    int[] starts = new int[Activation.GROUP];
    for (int rows = 1; rows <= Activation.GROUP; rows++) {
      a.align(ALIGNMENT);
      starts[rows - 1] = a.size();
      new ProductEmitter(a, set, layout, new Activation(planes, Activation.GROUP), rows).emit();
    }
    byte[] bytes = a.bytes();
    written.put("product-" + layout.label() + "-" + 8 * planes + "bit", bytes);
    CodeMemory code = new CodeMemory(Machine.libc(), bytes);
    MemorySegment[] grouped = new MemorySegment[Activation.GROUP];
    for (int i = 0; i < grouped.length; i++) {
      grouped[i] = code.at(starts[i]);
    }
    return new TileProduct(layout, planes, code.at(0), grouped);
  }

  /**
   * Returns the quantiser of a precision, or null where none is written for the instruction set.
   *
   * @param planes 1 for 8-bit activations, 2 for 16-bit ones
   */
  public synchronized @Nullable Quantiser quantiser(int planes) {
    return set == InstructionSet.AVX512_VNNI
        ? quantisers.computeIfAbsent(planes, this::emitQuantiser)
        : null;
  }

  private Quantiser emitQuantiser(int planes) {
    Assembler a = new Assembler();
    new QuantiseEmitter(a, new Activation(planes, 1)).emit();
    a.align(ALIGNMENT);
    int second = a.size();
    new QuantiseEmitter(a, new Activation(planes, Activation.GROUP)).emit();
    byte[] bytes = a.bytes();
    written.put("quantise-" + 8 * planes + "bit", bytes);
    CodeMemory code = new CodeMemory(Machine.libc(), bytes);
    return new Quantiser(planes, code.at(0), code.at(second));
  }

  /**
   * Returns attention for heads of a size, or null where none is written.
   *
   * @param scaled as {@link HeadLayout} has it
   */
  public synchronized @Nullable PieceAttention attention(int headSize, int scaled) {
    if (set != InstructionSet.AVX512_VNNI || headSize % 16 != 0 || headSize > 256) {
      return null;
    }
    return attentions.computeIfAbsent(new HeadLayout(headSize, scaled), this::emitAttention);
  }

  private PieceAttention emitAttention(HeadLayout layout) {
    Assembler a = new Assembler();
    int[] starts = new int[AttentionEmitter.TILE];
    for (int queries = 1; queries <= starts.length; queries++) {
      a.align(ALIGNMENT);
      starts[queries - 1] = a.size();
      new AttentionEmitter(a, layout, queries).emit();
    }
    byte[] bytes = a.bytes();
    written.put("attention-" + layout.headSize() + (layout.bytes() ? "-int8" : "-f16"), bytes);
    CodeMemory code = new CodeMemory(Machine.libc(), bytes);
    MemorySegment[] codes = new MemorySegment[starts.length];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = code.at(starts[i]);
    }
    return new PieceAttention(layout, codes, constants());
  }

  /** Returns the gate of feed-forward networks, or null where none is written. */
  public synchronized @Nullable Gating gating() {
    Gating made = gating;
    if (made == null && set == InstructionSet.AVX512_VNNI) {
      Assembler a = new Assembler();
      new GateEmitter(a).emit();
      byte[] bytes = a.bytes();
      written.put("gate", bytes);
      made = new Gating(new CodeMemory(Machine.libc(), bytes).at(0), constants());
      gating = made;
    }
    return made;
  }

  @SuppressWarnings("MustBeClosedChecker") // an automatic arena is not closed
  private MemorySegment constants() {
    MemorySegment table = constants;
    if (table == null) {
      int count = ExpEmitter.CONSTANT_COUNT;
      if (exponential.length != count) {
        throw new IllegalArgumentException(
            "exponential: " + exponential.length + " words (expected: " + count + ")");
      }
      table = GuardedMemory.allocate((long) count * Integer.BYTES, Arena.ofAuto());
      MemorySegment.copy(exponential, 0, table, ValueLayout.JAVA_INT, 0, count);
      constants = table;
    }
    return table;
  }

  /**
   * Writes what was emitted so far, a file a kernel family; {@code objdump -D -b binary -m
   * i386:x86-64 -M intel FILE} reads them.
   *
   * @return the files
   */
  public synchronized List<Path> dump(Path directory) throws IOException {
    Files.createDirectories(directory);
    List<Path> files = new ArrayList<>();
    for (Map.Entry<String, byte[]> entry : written.entrySet()) {
      Path file = directory.resolve(entry.getKey() + ".bin");
      Files.write(file, entry.getValue());
      files.add(file);
    }
    files.sort(null);
    return files;
  }
}
