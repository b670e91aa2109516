package dev.ponder.engine.machine;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.ponder.engine.machine.TileLayout.Scales;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TileProductTest {
  private static final long SEED = Long.getLong("test.seed", 20261123);
  private static final TileLayout[] LAYOUTS = {
    new TileLayout(false, 1, Scales.HALVES, false, 128),
    new TileLayout(true, 1, Scales.HALVES, false, 8),
    new TileLayout(true, 1, Scales.HALVES, true, 0),
    new TileLayout(false, 1, Scales.HALVES, false, 16),
    new TileLayout(false, 2, Scales.FLOATS, false, 32),
    new TileLayout(true, 1, Scales.PRODUCTS, true, 0),
    new TileLayout(false, 2, Scales.PRODUCTS, false, 32)
  };

  /**
   * Calls with random extents over random small segments: each is refused in Java, or computes what
   * plain Java computes. A wrong one that got through would fault on a guard page.
   */
  @ParameterizedTest
  @EnumSource(InstructionSet.class)
  void randomDescriptorsAreRefusedOrComputedRight(InstructionSet set) {
    assumeTrue(Machine.runs(set));
    Program program = new Program(set);
    SplittableRandom random = new SplittableRandom(SEED);
    int computed = 0;
    for (int i = 0; i < 10_000; i++) {
      boolean wide = set == InstructionSet.AVX512_VNNI;
      TileLayout layout = LAYOUTS[random.nextInt(wide ? LAYOUTS.length : LAYOUTS.length - 2)];
      int planes = 1 + random.nextInt(2);
      TileProduct product = program.product(layout, planes);
      try (Arena arena = Arena.ofConfined()) {
        TileProduct.Call call = call(layout, planes, random, arena);
        boolean ran;
        try {
          product.run(call);
          ran = true;
        } catch (IllegalArgumentException e) {
          ran = false;
        }
        if (ran) {
          computed++;
          verify(layout, planes, call, "call " + i + ", seed " + SEED);
        }
      }
    }
    assertThat(computed).as("computed, seed %d", SEED).isBetween(500, 9_500);
  }

  /** Mostly fitting extents; now and then one is too large, negative or absurd. */
  private static TileProduct.Call call(
      TileLayout layout, int planes, SplittableRandom random, Arena arena) {
    TileProduct.Call call =
        new TileProduct.Call(GuardedMemory.allocate(TileProduct.ARGUMENT_BYTES, arena));
    int tiles = 1 + random.nextInt(3);
    int blocks = (1 + random.nextInt(3)) * (layout.unitBytes() > 0 ? 8 : 1);
    int groups = 1 + random.nextInt(2);
    call.stride = random.nextInt(4) == 0 ? 1 : 8;
    Activation x = new Activation(planes, call.stride);
    call.weights = filled(tiles * layout.tileBytes(blocks), random, arena);
    for (int tile = 0; tile < tiles; tile++) {
      for (int block = 0; block < blocks; block++) {
        long at = tile * layout.tileBytes(blocks);
        tidyScales(layout, call.weights, at + layout.blockAt(block), random);
        for (int unit = 0; unit < layout.unitBytes(); unit += 2) {
          short half = Float.floatToFloat16((float) random.nextGaussian());
          call.weights.set(JAVA_SHORT, at + layout.unitsAt(block) + unit, half);
        }
      }
    }
    call.values = filled((long) groups * blocks * x.blockBytes(), random, arena);
    call.fields = fields(x, groups * blocks, random, arena);
    call.out = GuardedMemory.allocate(64L * groups * call.stride * tiles, arena);
    call.firstTile = odd(random, random.nextInt(tiles));
    call.tiles = odd(random, tiles - Math.clamp(call.firstTile, 0, tiles - 1));
    call.blocks = odd(random, blocks);
    call.firstGroup = odd(random, random.nextInt(groups));
    call.groups = odd(random, groups - Math.clamp(call.firstGroup, 0, groups - 1));
    call.rows = odd(random, call.groups == 1 ? 1 + random.nextInt(call.stride) : call.stride);
    call.outStride = odd(random, tiles * 16);
    call.ahead = random.nextInt(10_000);
    switch (random.nextInt(40)) {
      case 0 -> call.stride = random.nextInt(-9, 20);
      case 1 -> call.weights = MemorySegment.ofArray(new byte[1 << 20]);
      case 2 -> call.out = call.out.asReadOnly();
      case 3 -> call.values = MemorySegment.NULL;
      default -> {}
    }
    return call;
  }

  private static int odd(SplittableRandom random, int value) {
    return switch (random.nextInt(40)) {
      case 0 -> value + 1;
      case 1 -> -value - 1;
      case 2 -> Integer.MAX_VALUE - random.nextInt(3);
      case 3 -> random.nextInt();
      case 4 -> 0;
      default -> value;
    };
  }

  private static MemorySegment filled(long bytes, SplittableRandom random, Arena arena) {
    MemorySegment segment = GuardedMemory.allocate(bytes, arena);
    for (long i = 0; i < segment.byteSize(); i++) {
      segment.set(JAVA_BYTE, i, (byte) random.nextInt());
    }
    return segment;
  }

  private static void tidyScales(
      TileLayout layout, MemorySegment w, long block, SplittableRandom random) {
    int size = layout.scaleBytes() / 16;
    for (int at = layout.codeBytes(); at < layout.blockBytes(); at += size) {
      float scale = (float) random.nextGaussian();
      switch (layout.scales()) {
        case HALVES -> w.set(JAVA_SHORT, block + at, Float.floatToFloat16(scale));
        case FLOATS -> w.set(JAVA_FLOAT, block + at, scale);
        case PRODUCTS -> {} // any byte will do
      }
    }
  }

  private static MemorySegment fields(
      Activation x, int blocks, SplittableRandom random, Arena arena) {
    MemorySegment fields = GuardedMemory.allocate((long) blocks * x.fieldBytes(), arena);
    for (int block = 0; block < blocks; block++) {
      for (int row = 0; row < x.stride(); row++) {
        for (int field = 0; field < Activation.FIELDS; field++) {
          long at = (long) block * x.fieldBytes() + x.fieldAt(field, row);
          if (field <= Activation.SCALED_SUM) {
            fields.set(JAVA_FLOAT, at, (float) random.nextGaussian());
          } else {
            fields.set(JAVA_INT, at, random.nextInt(-100_000, 100_000));
          }
        }
      }
    }
    return fields;
  }

  private static void verify(TileLayout layout, int planes, TileProduct.Call c, String what) {
    Activation x = new Activation(planes, c.stride);
    for (int row = 0; row < c.groups * c.rows; row++) {
      for (int output = 0; output < c.tiles * 16; output++) {
        if (c.outStride < c.tiles * 16 && c.groups * c.rows > 1) {
          return; // rows lie over each other: inside of the segment, but nothing to compare
        }
        float actual = c.out.get(JAVA_FLOAT, 4L * ((long) row * c.outStride + output));
        assertThat(actual)
            .as("%s, row %d, output %d", what, row, output)
            .isEqualTo(expected(layout, x, c, row, output));
      }
    }
  }

  private static float expected(
      TileLayout layout, Activation x, TileProduct.Call c, int row, int output) {
    float acc = 0;
    for (int block = 0; block < c.blocks; block++) {
      long tile = (c.firstTile + output / 16) * layout.tileBytes(c.blocks);
      long w = tile + layout.blockAt(block);
      long units = tile + layout.unitsAt(block);
      long run = (long) (c.firstGroup + row / c.stride) * c.blocks + block;
      int r = row % c.stride;
      for (int group = 0; group < layout.groups(); group++) {
        int per = 32 / layout.groups();
        int dot = 0;
        for (int k = group * per; k < (group + 1) * per; k++) {
          int q = c.values.get(JAVA_BYTE, run * x.blockBytes() + x.valuesAt(0, r) + k);
          if (x.planes() == 2) {
            q = 256 * q + c.values.get(JAVA_BYTE, run * x.blockBytes() + x.valuesAt(1, r) + k);
          }
          dot += q * code(layout, c.weights, w, output % 16, k);
        }
        int field =
            switch (layout.zero()) {
              case 8, 16 -> Activation.LOW_CORRECTION;
              case 128 -> Activation.HIGH_CORRECTION;
              default -> Activation.HALF_CORRECTION + group;
            };
        long fields = run * x.fieldBytes();
        int correction = c.fields.get(JAVA_INT, fields + x.fieldAt(field, r));
        dot += layout.zero() == 0 ? 0 : layout.zero() == 16 ? 2 * correction : correction;
        float dx = c.fields.get(JAVA_FLOAT, fields + x.fieldAt(Activation.DX, r));
        long scales = w + layout.codeBytes() + (long) group * layout.scaleBytes();
        acc = Math.fma((float) dot, scale(layout, c.weights, scales, units, output % 16) * dx, acc);
        if (layout.minimum()) {
          float scaled = c.fields.get(JAVA_FLOAT, fields + x.fieldAt(Activation.SCALED_SUM, r));
          long minima = w + layout.minimumAt();
          acc = Math.fma(scale(layout, c.weights, minima, units + 32, output % 16), scaled, acc);
        }
      }
    }
    return acc;
  }

  private static int code(TileLayout layout, MemorySegment w, long block, int row, int k) {
    if (!layout.nibbles()) {
      return w.get(JAVA_BYTE, block + k / 4 * 64L + row * 4L + k % 4) & 255;
    }
    return w.get(JAVA_BYTE, block + k / 8 * 64L + row * 4L + k % 4) >> (k & 4) & 15;
  }

  private static float scale(TileLayout layout, MemorySegment w, long at, long units, int row) {
    return switch (layout.scales()) {
      case HALVES -> half(w, at + 2L * row);
      case FLOATS -> w.get(JAVA_FLOAT, at + 4L * row);
      case PRODUCTS -> half(w, units + 2L * row) * w.get(JAVA_BYTE, at + row);
    };
  }

  private static float half(MemorySegment w, long at) {
    return Float.float16ToFloat(w.get(JAVA_SHORT, at));
  }

  @Test
  void refusesMemoryThatIsGone() {
    assumeTrue(Machine.runs(InstructionSet.AVX512_VNNI) || Machine.runs(InstructionSet.AVX_VNNI));
    Program program = new Program(Machine.detect());
    SplittableRandom random = new SplittableRandom(SEED);
    try (Arena arena = Arena.ofConfined()) {
      TileProduct.Call call = new TileProduct.Call(GuardedMemory.allocate(128, arena));
      call.tiles = 1;
      call.blocks = 1;
      call.groups = 1;
      call.rows = 1;
      call.stride = 1;
      call.outStride = 16;
      call.values = filled(64, random, arena);
      call.fields = filled(64, random, arena);
      call.out = filled(64, random, arena);
      try (Arena gone = Arena.ofConfined()) {
        call.weights = filled(544, random, gone);
      }
      assertThatThrownBy(() -> program.product(LAYOUTS[0], 1).run(call))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("weights: already freed");
    }
  }

  /**
   * Ten thousand descriptors, most of them wrong: a call is made if its extents fit, else refused.
   */
  @Test
  void gatesOutsideOfTheirMemoryAreRefused() {
    assumeTrue(Machine.runs(InstructionSet.AVX512_VNNI));
    Gating gating =
        java.util.Objects.requireNonNull(
            new Program(InstructionSet.AVX512_VNNI, new int[ExpEmitter.CONSTANT_COUNT]).gating());
    SplittableRandom random = new SplittableRandom(SEED);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment gate = GuardedMemory.allocate(4 * 128, arena);
      MemorySegment up = GuardedMemory.allocate(4 * 64, arena);
      int refused = 0;
      for (int i = 0; i < 10_000; i++) {
        int count = random.nextBoolean() ? 16 * random.nextInt(-1, 10) : random.nextInt();
        long at = random.nextBoolean() ? 4L * random.nextInt(-4, 140) : random.nextLong();
        boolean fits =
            count > 0 && count % 16 == 0 && count <= 64 && at >= 0 && at <= 4 * 128 - 4L * count;
        try {
          gating.run(gate, at, up, count);
          assertThat(fits).as("%d floats from byte %d", count, at).isTrue();
        } catch (IllegalArgumentException e) {
          assertThat(fits).as("%d floats from byte %d", count, at).isFalse();
          refused++;
        }
      }
      assertThat(refused).isBetween(1_000, 9_990);
    }
  }

  @Test
  void dumpsWhatWasEmitted(@TempDir Path folder) throws java.io.IOException {
    assumeTrue(Machine.runs(InstructionSet.AVX_VNNI) || Machine.runs(InstructionSet.AVX512_VNNI));
    Program program = new Program(Machine.detect());
    program.product(LAYOUTS[0], 2);
    assertThat(program.dump(folder)).containsExactly(folder.resolve("product-u8hz128-16bit.bin"));
    byte[] code = Files.readAllBytes(folder.resolve("product-u8hz128-16bit.bin"));
    assertThat(code[code.length - 1]).as("ret").isEqualTo((byte) 0xC3);
  }

  @Test
  void refusesLayoutsThatNoKernelIsWrittenFor() {
    assertThatThrownBy(() -> new TileLayout(true, 1, Scales.HALVES, false, 7))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new TileLayout(true, 2, Scales.HALVES, false, 8))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
