/** Checks of the deployment's files: every name in them must mean something. */
@NullMarked
package dev.ponder.standalone.deploy;

import org.jspecify.annotations.NullMarked;
