package dev.ponder.common.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Body of {@code POST /internal/v1/score}: log-probabilities of given continuations. Exactly one of
 * {@code messages} and {@code prompt} is given; messages are rendered up to the assistant's turn.
 *
 * @param continuations 1 to 64 texts
 */
public record ScoreRequest(
    String model,
    @Nullable List<ChatMessage> messages,
    @Nullable String prompt,
    List<String> continuations) {}
