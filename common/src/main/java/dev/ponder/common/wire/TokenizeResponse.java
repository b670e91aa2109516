package dev.ponder.common.wire;

import java.util.List;

/**
 * Answer of {@code POST /internal/v1/tokenize}.
 *
 * @param tokens token ids
 * @param pieces each token's text (invalid UTF-8 shown as U+FFFD)
 */
public record TokenizeResponse(String model, List<Integer> tokens, List<String> pieces) {}
