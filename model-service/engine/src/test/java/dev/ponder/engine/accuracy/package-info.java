/**
 * Accuracy of the engine on a real model, measured against exact float64 logits.
 *
 * <p>The golden files under {@code golden/} come from {@code src/test/python/make_golden.py}; no
 * other engine is a yardstick here, since every engine has rounding of its own.
 */
@NullMarked
package dev.ponder.engine.accuracy;

import org.jspecify.annotations.NullMarked;
