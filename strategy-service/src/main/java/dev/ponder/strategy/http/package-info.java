/** The strategy-service's internal HTTP interface. */
@NullMarked
package dev.ponder.strategy.http;

import org.jspecify.annotations.NullMarked;
