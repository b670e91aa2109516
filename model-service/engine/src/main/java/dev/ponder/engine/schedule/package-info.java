/**
 * The loop that owns the model: which rows run in the next step, what becomes of their logits.
 *
 * <p>One thread owns all sequences, pages and the prefix index; callers reach it through a queue of
 * commands. Scheduling decides when a row is computed, never what it computes.
 *
 * <p>{@link Scheduler} is the way in and the loop. A request becomes a {@link Task}, which waits in
 * {@link Intake}, works in {@link RunningTasks}, where pages are found for it, and ends in {@link
 * Endings}. {@link StepPlan} chooses the rows, {@link Steps} computes them.
 */
@NullMarked
package dev.ponder.engine.schedule;

import org.jspecify.annotations.NullMarked;
