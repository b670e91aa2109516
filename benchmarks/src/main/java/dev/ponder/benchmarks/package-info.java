/** Side-by-side speed measurements against peers. */
@NullMarked
package dev.ponder.benchmarks;

import org.jspecify.annotations.NullMarked;
