/**
 * The loop that owns the model: which rows run in the next step, what becomes of their logits.
 *
 * <p>One thread owns all sequences, pages and the prefix index; callers reach it through a queue of
 * commands. Scheduling decides when a row is computed, never what it computes.
 */
@NullMarked
package dev.ponder.engine.schedule;

import org.jspecify.annotations.NullMarked;
