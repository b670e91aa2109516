/** The numerical kernels. One arithmetic, several tiers: every tier gives the same bits. */
@NullMarked
package dev.ponder.engine.kernel;

import org.jspecify.annotations.NullMarked;
