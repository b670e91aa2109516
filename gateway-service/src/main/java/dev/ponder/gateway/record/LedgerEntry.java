package dev.ponder.gateway.record;

import dev.ponder.common.wire.Usage;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How a request ended.
 *
 * @param status "finished", "failed" or "cancelled"
 * @param errorCode of a failed one
 */
record LedgerEntry(
    RequestRecord request,
    String status,
    @Nullable String errorCode,
    Usage usage,
    Instant finishedAt) {

  LedgerEntry withUsage(Usage actual) {
    return new LedgerEntry(request, status, errorCode, actual, finishedAt);
  }
}
