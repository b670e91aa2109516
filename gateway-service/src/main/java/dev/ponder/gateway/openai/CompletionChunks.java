package dev.ponder.gateway.openai;

import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.common.wire.Usage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** The chunks of a streamed text completion: {@code text_completion}. */
public final class CompletionChunks implements StreamShape {
  private final AnswerHead head;
  private final int n;
  private final @Nullable Integer topLogprobs;
  private final boolean includeUsage;
  private final int[] offsets;
  private int promptsLeft;
  private Usage usage = Usage.ZERO;

  public CompletionChunks(
      AnswerHead head, int prompts, int n, @Nullable Integer topLogprobs, boolean includeUsage) {
    this.head = head;
    this.n = n;
    this.topLogprobs = topLogprobs;
    this.includeUsage = includeUsage;
    this.offsets = new int[prompts * n];
    this.promptsLeft = prompts;
  }

  @Override
  public List<String> chunks(int prompt, GenerateEvent event) {
    return switch (event) {
      case GenerateEvent.Started started -> List.of();
      case GenerateEvent.Token token -> token(prompt * n + token.index(), token);
      case GenerateEvent.Finished finished -> finished(prompt * n + finished.index(), finished);
      case GenerateEvent.Completed completed -> completed(completed.usage());
      case GenerateEvent.Failed failed -> throw ChatChunks.failedSlippedThrough();
    };
  }

  private List<String> token(int index, GenerateEvent.Token token) {
    if (token.text().isEmpty() && topLogprobs == null) {
      return List.of();
    }
    ObjectNode logprobs = null;
    if (topLogprobs != null) {
      Logprobs.Legacy legacy = new Logprobs.Legacy();
      legacy.add(token, topLogprobs, offsets[index]);
      logprobs = legacy.toNode();
    }
    offsets[index] += token.text().length();
    return List.of(chunk(index, token.text(), logprobs, null));
  }

  private List<String> finished(int index, GenerateEvent.Finished finished) {
    List<String> chunks = new ArrayList<>(2);
    if (!finished.text().isEmpty()) {
      chunks.add(chunk(index, finished.text(), null, null));
    }
    chunks.add(chunk(index, "", null, finished.reason()));
    return chunks;
  }

  private List<String> completed(Usage more) {
    usage = usage.plus(more);
    promptsLeft--;
    if (promptsLeft > 0 || !includeUsage) {
      return List.of();
    }
    ObjectNode node = head.begin("text_completion");
    node.putArray("choices");
    node.set("usage", AnswerHead.usage(usage));
    return List.of(AnswerHead.write(node));
  }

  private String chunk(
      int index, String text, @Nullable ObjectNode logprobs, @Nullable String reason) {
    ObjectNode node = head.begin("text_completion");
    ObjectNode choice = node.putArray("choices").addObject().put("index", index).put("text", text);
    choice.set("logprobs", logprobs);
    choice.put("finish_reason", reason);
    if (includeUsage) {
      node.putNull("usage");
    }
    return AnswerHead.write(node);
  }
}
