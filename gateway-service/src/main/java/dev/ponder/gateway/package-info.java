/** The gateway-service: the only public door. */
@NullMarked
package dev.ponder.gateway;

import org.jspecify.annotations.NullMarked;
