/**
 * JMH benchmarks of the engine's kernels, which differ in the tier only. They live among the tests:
 * JMH is under the GPL, and must not ship.
 */
@NullMarked
package dev.ponder.benchmarks.kernel;

import org.jspecify.annotations.NullMarked;
