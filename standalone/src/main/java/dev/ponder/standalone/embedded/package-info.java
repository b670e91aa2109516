/** PostgreSQL and Redis as child processes that cannot outlive this JVM. */
@NullMarked
package dev.ponder.standalone.embedded;

import org.jspecify.annotations.NullMarked;
