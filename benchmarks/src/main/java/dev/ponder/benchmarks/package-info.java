/**
 * Side-by-side speed measurements against peers.
 *
 * <p>{@link dev.ponder.benchmarks.Bench} runs the fixed {@link dev.ponder.benchmarks.Workload}s on
 * each {@code Contestant} in turn: one repetition of ours, one of the peer's for each of its
 * settings, and so on, so that a slow minute of the machine hits all of them. Figures are medians.
 */
@NullMarked
package dev.ponder.benchmarks;

import org.jspecify.annotations.NullMarked;
