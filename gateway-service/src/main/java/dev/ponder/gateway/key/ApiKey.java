package dev.ponder.gateway.key;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A key as administrators see it.
 *
 * @param role {@code admin} or {@code user}
 * @param prefix the key's first characters
 * @param key the whole key, only in the answer that creates it
 */
record ApiKey(
    UUID id,
    String object,
    String name,
    String tenant,
    String role,
    String prefix,
    @JsonProperty("created_at") Instant createdAt,
    @JsonProperty("last_used_at") @Nullable Instant lastUsedAt,
    @JsonProperty("revoked_at") @Nullable Instant revokedAt,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String key) {}
