/** What this service tells of itself: metrics, health, information. */
@NullMarked
package dev.ponder.model.telemetry;

import org.jspecify.annotations.NullMarked;
