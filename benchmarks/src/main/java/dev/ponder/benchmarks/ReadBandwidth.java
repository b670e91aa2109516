package dev.ponder.benchmarks;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * How fast threads can read memory once through: the ceiling of decoding one sequence. Needs the
 * module jdk.incubator.vector.
 */
final class ReadBandwidth {
  private static final int ROUNDS = 12;

  private static final VectorSpecies<Long> SPECIES = LongVector.SPECIES_PREFERRED;
  private static final int STRIDE = 4 * SPECIES.vectorByteSize();

  private ReadBandwidth() {}

  /**
   * The best of {@value #ROUNDS} rounds in GB/s, each thread reading its own share of {@code
   * bytes}. What fits the processor's cache is read from there in all rounds but the first.
   */
  static double measure(int threads, long bytes) {
    long share = Math.max(STRIDE, bytes / threads / STRIDE * STRIDE);
    try (Arena arena = Arena.ofShared();
        ExecutorService team = Executors.newFixedThreadPool(threads)) {
      List<MemorySegment> shares = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        // Filled, since pages never written all map to one page of zeros.
        shares.add(arena.allocate(share, STRIDE).fill((byte) i));
      }
      double best = 0;
      for (int round = 0; round < ROUNDS; round++) {
        best = Math.max(best, threads * share / round(team, shares) / 1e9);
      }
      return best;
    }
  }

  private static double round(ExecutorService team, List<MemorySegment> shares) {
    long[] start = new long[1];
    CyclicBarrier together = new CyclicBarrier(shares.size(), () -> start[0] = System.nanoTime());
    List<Future<Long>> sums =
        shares.stream()
            .map(share ->
                team.submit(() -> {
                  together.await();
                  return sum(share);
                }))
            .toList();
    long total = 0;
    try {
      for (Future<Long> sum : sums) {
        total += sum.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("bandwidth measurement interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
    double seconds = (System.nanoTime() - start[0]) / 1e9;
    if (total != expected(shares)) {
      throw new IllegalStateException(
          "bandwidth measurement read " + total + ", not what was written");
    }
    return seconds;
  }

  /**
   * Every byte of share {@code i} is {@code i}; the comparison also keeps the reads from being
   * optimised away.
   */
  private static long expected(List<MemorySegment> shares) {
    long total = 0;
    for (int i = 0; i < shares.size(); i++) {
      total += shares.get(i).byteSize() / Long.BYTES * (0x0101010101010101L * (i & 0xff));
    }
    return total;
  }

  /**
   * Vectors, since 8-byte loads alone do not reach the limit; four sums keep enough loads in
   * flight.
   */
  static long sum(MemorySegment s) {
    LongVector a = LongVector.zero(SPECIES);
    LongVector b = a;
    LongVector c = a;
    LongVector d = a;
    int width = SPECIES.vectorByteSize();
    for (long i = 0; i < s.byteSize(); i += 4L * width) {
      a = a.add(LongVector.fromMemorySegment(SPECIES, s, i, ByteOrder.LITTLE_ENDIAN));
      b = b.add(LongVector.fromMemorySegment(SPECIES, s, i + width, ByteOrder.LITTLE_ENDIAN));
      c = c.add(LongVector.fromMemorySegment(SPECIES, s, i + 2L * width, ByteOrder.LITTLE_ENDIAN));
      d = d.add(LongVector.fromMemorySegment(SPECIES, s, i + 3L * width, ByteOrder.LITTLE_ENDIAN));
    }
    return a.add(b).add(c).add(d).reduceLanes(VectorOperators.ADD);
  }
}
