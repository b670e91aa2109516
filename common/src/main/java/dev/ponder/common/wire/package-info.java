/**
 * Messages between Ponder's services: plain records, versioned by the URL of the endpoint that
 * takes them.
 */
@NullMarked
package dev.ponder.common.wire;

import org.jspecify.annotations.NullMarked;
