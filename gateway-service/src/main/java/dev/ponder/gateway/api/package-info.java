/** The public endpoints. */
@NullMarked
package dev.ponder.gateway.api;

import org.jspecify.annotations.NullMarked;
