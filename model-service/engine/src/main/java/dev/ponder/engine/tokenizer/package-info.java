/** Turns text into token ids and back, from the tables in a model file. */
@NullMarked
package dev.ponder.engine.tokenizer;

import org.jspecify.annotations.NullMarked;
