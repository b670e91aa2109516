@NullMarked
package dev.ponder.model.generate;

import org.jspecify.annotations.NullMarked;
