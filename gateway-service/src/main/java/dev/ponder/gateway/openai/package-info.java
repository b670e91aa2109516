/** OpenAI's wire: reads and checks public bodies, and shapes answers. Pure: no HTTP, no Spring. */
@NullMarked
package dev.ponder.gateway.openai;

import org.jspecify.annotations.NullMarked;
