/**
 * The runs and their event log in PostgreSQL: the single source of what a run has done, for
 * resuming it, streaming it, showing its tree and billing it.
 */
@NullMarked
package dev.ponder.strategy.log;

import org.jspecify.annotations.NullMarked;
