/**
 * Reads GGUF model files (version 2 and 3, little endian) through a memory map.
 *
 * <p>A file is not trusted: every count, length, dimension and offset is proven to lie inside the
 * file before anything is allocated for it, so that a damaged or hostile header is refused with an
 * {@link dev.ponder.engine.EngineException} and bounded work.
 */
@NullMarked
package dev.ponder.engine.gguf;

import org.jspecify.annotations.NullMarked;
