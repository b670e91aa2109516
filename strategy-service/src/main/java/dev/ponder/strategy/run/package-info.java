/**
 * Runs in progress: everything an algorithm must not do. Issues its calls within limits, writes
 * what happens to the log before acting on it, and takes over what other replicas left behind.
 */
@NullMarked
package dev.ponder.strategy.run;

import org.jspecify.annotations.NullMarked;
