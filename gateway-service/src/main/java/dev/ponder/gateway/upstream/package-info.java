/** The services behind the gateway: clients with circuit breakers, and what they offer. */
@NullMarked
package dev.ponder.gateway.upstream;

import org.jspecify.annotations.NullMarked;
