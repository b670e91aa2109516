@NullMarked
package dev.ponder.model.template;

import org.jspecify.annotations.NullMarked;
