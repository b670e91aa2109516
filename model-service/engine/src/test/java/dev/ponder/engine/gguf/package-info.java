@NullMarked
package dev.ponder.engine.gguf;

import org.jspecify.annotations.NullMarked;
