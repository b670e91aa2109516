/**
 * The models that can be had by name, and how they come to this machine. Plain Java, so that the
 * launcher can use it before any service runs.
 */
@NullMarked
package dev.ponder.model.catalog;

import org.jspecify.annotations.NullMarked;
