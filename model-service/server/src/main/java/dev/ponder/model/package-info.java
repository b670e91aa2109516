/** The model-service: hosts models behind the internal HTTP API. */
@NullMarked
package dev.ponder.model;

import org.jspecify.annotations.NullMarked;
