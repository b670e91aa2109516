/** Who is asking: the tenant, and the signed token that carries it from service to service. */
@NullMarked
package dev.ponder.common.auth;

import org.jspecify.annotations.NullMarked;
