/** The strategy-service: plans, algorithms and durable runs. */
@NullMarked
package dev.ponder.strategy;

import org.jspecify.annotations.NullMarked;
