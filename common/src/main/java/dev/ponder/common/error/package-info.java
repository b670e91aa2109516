/** Error codes and the one exception family that carries them, and OpenAI's error body. */
@NullMarked
package dev.ponder.common.error;

import org.jspecify.annotations.NullMarked;
