/**
 * Draws the next token from logits.
 *
 * <p>A draw depends on nothing but its own logits, settings, seed, sample index and position, and
 * gives the same token on every machine: exponentials are one fixed sequence of IEEE operations,
 * probabilities are integers from there on, and the random numbers are counted, not consumed.
 */
@NullMarked
package dev.ponder.engine.sample;

import org.jspecify.annotations.NullMarked;
