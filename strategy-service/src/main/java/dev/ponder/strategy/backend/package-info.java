/**
 * Where calls go: the model-service, and OpenAI-compatible endpoints that the operator configured.
 */
@NullMarked
package dev.ponder.strategy.backend;

import org.jspecify.annotations.NullMarked;
