package dev.ponder.gateway.openai;

import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.common.wire.RunEvent;
import dev.ponder.common.wire.Usage;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The chunks of a streamed chat answer: {@code chat.completion.chunk}. */
public final class ChatChunks implements StreamShape {
  private final AnswerHead head;
  private final int n;
  private final @Nullable Integer topLogprobs;
  private final boolean includeUsage;

  /** Samples whose first delta, the one with the role, is out. */
  private final BitSet begun = new BitSet();

  public ChatChunks(AnswerHead head, int n, @Nullable Integer topLogprobs, boolean includeUsage) {
    this.head = head;
    this.n = n;
    this.topLogprobs = topLogprobs;
    this.includeUsage = includeUsage;
  }

  @Override
  public List<String> chunks(int prompt, GenerateEvent event) {
    return switch (event) {
      case GenerateEvent.Started started -> begin();
      case GenerateEvent.Token token -> token(token);
      case GenerateEvent.Finished finished ->
          finish(finished.index(), finished.text(), finished.reason());
      case GenerateEvent.Completed completed -> usage(completed.usage());
      case GenerateEvent.Failed failed -> throw failedSlippedThrough();
    };
  }

  /** Chunks with the role, one per sample. */
  public List<String> begin() {
    List<String> chunks = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      begin(i, chunks);
    }
    return chunks;
  }

  /** The end of a sample, with the rest of its text. */
  public List<String> finish(int index, String text, String reason) {
    List<String> chunks = new ArrayList<>();
    begin(index, chunks);
    if (!text.isEmpty()) {
      chunks.add(content(index, text, null));
    }
    chunks.add(chunk(index, AnswerHead.NODES.objectNode(), null, reason, null));
    return chunks;
  }

  /** The extra last chunk, when the client asked for usage. */
  public List<String> usage(Usage usage) {
    if (!includeUsage) {
      return List.of();
    }
    ObjectNode node = head.begin("chat.completion.chunk");
    node.putArray("choices");
    node.set("usage", AnswerHead.usage(usage));
    return List.of(AnswerHead.write(node));
  }

  /** A run's event as a chunk without text, which clients of OpenAI pass over. */
  public List<String> event(RunEvent event) {
    List<String> chunks = new ArrayList<>();
    begin(0, chunks);
    chunks.add(chunk(0, AnswerHead.NODES.objectNode(), null, null, event));
    return chunks;
  }

  private List<String> token(GenerateEvent.Token token) {
    if (token.text().isEmpty() && topLogprobs == null) {
      return List.of();
    }
    List<String> chunks = new ArrayList<>(2);
    begin(token.index(), chunks);
    ObjectNode logprobs = null;
    if (topLogprobs != null) {
      ArrayNode entries = AnswerHead.NODES.arrayNode();
      entries.add(Logprobs.chatEntry(token, topLogprobs));
      logprobs = Logprobs.chat(entries);
    }
    chunks.add(content(token.index(), token.text(), logprobs));
    return chunks;
  }

  private void begin(int index, List<String> chunks) {
    if (begun.get(index)) {
      return;
    }
    begun.set(index);
    ObjectNode delta = AnswerHead.NODES.objectNode().put("role", "assistant").put("content", "");
    chunks.add(chunk(index, delta, null, null, null));
  }

  private String content(int index, String text, @Nullable ObjectNode logprobs) {
    return chunk(index, AnswerHead.NODES.objectNode().put("content", text), logprobs, null, null);
  }

  private String chunk(
      int index,
      ObjectNode delta,
      @Nullable ObjectNode logprobs,
      @Nullable String reason,
      @Nullable RunEvent event) {
    ObjectNode node = head.begin("chat.completion.chunk");
    ObjectNode choice = node.putArray("choices").addObject().put("index", index);
    choice.set("delta", delta);
    choice.set("logprobs", logprobs);
    choice.put("finish_reason", reason);
    if (includeUsage) {
      node.putNull("usage");
    }
    if (event != null) {
      node.set("ponder", JsonMapper.shared().valueToTree(event));
    }
    return AnswerHead.write(node);
  }

  static IllegalStateException failedSlippedThrough() {
    return new IllegalStateException("a failed generation ends its stream, it is no event of it");
  }
}
