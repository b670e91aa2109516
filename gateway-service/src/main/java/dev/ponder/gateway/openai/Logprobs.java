package dev.ponder.gateway.openai;

import dev.ponder.common.wire.GenerateEvent.Token;
import dev.ponder.common.wire.GenerateEvent.TokenLogprob;
import java.nio.charset.StandardCharsets;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Shapes log-probabilities, chat's way and the older completions' way. */
final class Logprobs {
  private Logprobs() {}

  /** One entry of chat's {@code logprobs.content}. */
  static ObjectNode chatEntry(Token token, int top) {
    ObjectNode entry = chatToken(text(token), bytes(token), logprob(token));
    ArrayNode alternatives = entry.putArray("top_logprobs");
    List<TokenLogprob> candidates = token.top() == null ? List.of() : token.top();
    candidates.stream()
        .limit(top)
        .forEach(each -> alternatives.add(chatToken(each.text(), each.bytes(), each.logprob())));
    return entry;
  }

  /** Chat's {@code logprobs} object around its entries. */
  static ObjectNode chat(ArrayNode entries) {
    ObjectNode logprobs = AnswerHead.NODES.objectNode();
    logprobs.set("content", entries);
    logprobs.putNull("refusal");
    return logprobs;
  }

  private static ObjectNode chatToken(String text, List<Integer> bytes, double logprob) {
    ObjectNode node = AnswerHead.NODES.objectNode().put("token", text).put("logprob", logprob);
    ArrayNode array = node.putArray("bytes");
    bytes.forEach(array::add);
    return node;
  }

  /** The four parallel arrays of completions, of one sample. Not thread-safe. */
  static final class Legacy {
    private final ArrayNode tokens = AnswerHead.NODES.arrayNode();
    private final ArrayNode logprobs = AnswerHead.NODES.arrayNode();
    private final ArrayNode alternatives = AnswerHead.NODES.arrayNode();
    private final ArrayNode offsets = AnswerHead.NODES.arrayNode();

    /**
     * Adds a token.
     *
     * @param offset characters of the sample's text before it
     */
    void add(Token token, int top, int offset) {
      tokens.add(text(token));
      logprobs.add(logprob(token));
      ObjectNode map = alternatives.addObject();
      List<TokenLogprob> candidates = token.top() == null ? List.of() : token.top();
      candidates.stream().limit(top).forEach(each -> map.put(each.text(), each.logprob()));
      offsets.add(offset);
    }

    ObjectNode toNode() {
      ObjectNode node = AnswerHead.NODES.objectNode();
      node.set("tokens", tokens);
      node.set("token_logprobs", logprobs);
      node.set("top_logprobs", alternatives);
      node.set("text_offset", offsets);
      return node;
    }
  }

  /**
   * The token's own text, which is not what became certain with it if it holds half a character.
   */
  private static String text(Token token) {
    List<Integer> bytes = token.bytes();
    if (bytes == null) {
      return token.text();
    }
    byte[] raw = new byte[bytes.size()];
    for (int i = 0; i < raw.length; i++) {
      raw[i] = bytes.get(i).byteValue();
    }
    return new String(raw, StandardCharsets.UTF_8);
  }

  private static List<Integer> bytes(Token token) {
    if (token.bytes() != null) {
      return token.bytes();
    }
    byte[] raw = token.text().getBytes(StandardCharsets.UTF_8);
    Integer[] unsigned = new Integer[raw.length];
    for (int i = 0; i < raw.length; i++) {
      unsigned[i] = raw[i] & 0xFF;
    }
    return List.of(unsigned);
  }

  private static double logprob(Token token) {
    return token.logprob() == null ? 0 : token.logprob();
  }
}
