package dev.ponder.common.wire;

/**
 * One turn of a conversation, already flattened to text.
 *
 * @param role {@code system}, {@code user} or {@code assistant}
 */
public record ChatMessage(String role, String content) {}
