/** The transformer engine: a plain Java library that runs GGUF models on the CPU. */
@NullMarked
package dev.ponder.engine;

import org.jspecify.annotations.NullMarked;
