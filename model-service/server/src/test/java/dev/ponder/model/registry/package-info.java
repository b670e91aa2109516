@NullMarked
package dev.ponder.model.registry;

import org.jspecify.annotations.NullMarked;
