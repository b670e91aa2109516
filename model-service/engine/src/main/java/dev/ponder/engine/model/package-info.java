/** Transformer models: weights, batches of rows, and the forward pass. */
@NullMarked
package dev.ponder.engine.model;

import org.jspecify.annotations.NullMarked;
