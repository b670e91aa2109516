@NullMarked
package dev.ponder.engine.sample;

import org.jspecify.annotations.NullMarked;
