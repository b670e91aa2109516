/** All services in one JVM with embedded PostgreSQL and Redis, and the command line. */
@NullMarked
package dev.ponder.standalone;

import org.jspecify.annotations.NullMarked;
