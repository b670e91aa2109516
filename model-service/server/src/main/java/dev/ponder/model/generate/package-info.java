/** The requests that use a loaded model: generate, score, tokenize. */
@NullMarked
package dev.ponder.model.generate;

import org.jspecify.annotations.NullMarked;
