/** Real PostgreSQL and Redis for tests, and the battery that every streaming endpoint passes. */
@NullMarked
package dev.ponder.testing;

import org.jspecify.annotations.NullMarked;
