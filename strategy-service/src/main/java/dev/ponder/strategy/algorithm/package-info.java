/**
 * The strategies themselves, as pure functions: what to ask a model next, given all that it has
 * answered so far.
 *
 * <p>A run is a {@link dev.ponder.strategy.algorithm.SearchState}: the task and the results told so
 * far, keyed by call. {@link dev.ponder.strategy.algorithm.Algorithm#step} reads it and says which
 * calls are worth making, or that the answer is known. Nothing here does I/O, reads a clock or
 * draws a random number, so a state that is rebuilt from a log continues exactly where it stopped,
 * and the order in which results arrive cannot change an answer.
 */
@NullMarked
package dev.ponder.strategy.algorithm;

import org.jspecify.annotations.NullMarked;
