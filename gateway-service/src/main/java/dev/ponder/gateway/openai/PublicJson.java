package dev.ponder.gateway.openai;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Parses JSON that anyone may have written: depth, number length and duplicate keys are bounded
 * here, the size by who reads the body. Thread-safe.
 */
public final class PublicJson {
  /** Deeper than any request of OpenAI's schema, far from the stack's limit. */
  static final int MAX_DEPTH = 64;

  private final JsonMapper mapper;

  public PublicJson() {
    StreamReadConstraints limits =
        StreamReadConstraints.builder()
            .maxNestingDepth(MAX_DEPTH)
            .maxNumberLength(100)
            .maxNameLength(1_024)
            .maxStringLength(Integer.MAX_VALUE)
            .build();
    this.mapper =
        JsonMapper.builder(
                JsonFactory.builder()
                    .streamReadConstraints(limits)
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .build();
  }

  /**
   * Returns the parsed body.
   *
   * @throws PonderException with {@link ErrorCode#INVALID_JSON}
   */
  public JsonNode parse(byte[] body) {
    if (body.length == 0) {
      throw new PonderException(ErrorCode.INVALID_JSON, "body: empty (expected: a JSON object)");
    }
    try {
      JsonNode node = mapper.readTree(body);
      if (node == null || node.isMissingNode()) {
        throw new PonderException(ErrorCode.INVALID_JSON, "body: empty (expected: a JSON object)");
      }
      return node;
    } catch (JacksonException e) {
      String why = String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("");
      throw new PonderException(
          ErrorCode.INVALID_JSON,
          "body: "
              + (why.length() <= 160 ? why : why.substring(0, 157) + "...")
              + at(e)
              + " (expected: one JSON object, at most "
              + MAX_DEPTH
              + " levels deep, no key twice)",
          e);
    }
  }

  private static String at(JacksonException e) {
    return e.getLocation() == null
        ? ""
        : " at line " + e.getLocation().getLineNr() + ", column " + e.getLocation().getColumnNr();
  }
}
