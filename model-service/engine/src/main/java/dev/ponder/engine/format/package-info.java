/** Weight formats: how each tensor type of a model file stores its rows. */
@NullMarked
package dev.ponder.engine.format;

import org.jspecify.annotations.NullMarked;
