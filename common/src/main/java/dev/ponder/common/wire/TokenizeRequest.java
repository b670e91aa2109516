package dev.ponder.common.wire;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Body of {@code POST /internal/v1/tokenize}: exactly one of {@code text} and {@code messages}. */
public record TokenizeRequest(
    String model, @Nullable String text, @Nullable List<ChatMessage> messages) {}
