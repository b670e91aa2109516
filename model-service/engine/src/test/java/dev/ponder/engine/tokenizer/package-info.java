@NullMarked
package dev.ponder.engine.tokenizer;

import org.jspecify.annotations.NullMarked;
