@NullMarked
package dev.ponder.model.catalog;

import org.jspecify.annotations.NullMarked;
