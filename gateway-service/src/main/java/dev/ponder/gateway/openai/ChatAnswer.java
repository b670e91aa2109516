package dev.ponder.gateway.openai;

import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.common.wire.Usage;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A whole chat answer: {@code chat.completion}. */
public final class ChatAnswer implements AnswerShape {
  private final AnswerHead head;
  private final @Nullable Integer topLogprobs;
  private final SizeLimit limit;
  private final Sample[] samples;
  private Usage usage = Usage.ZERO;

  private static final class Sample {
    final StringBuilder text = new StringBuilder();
    final ArrayNode logprobs = AnswerHead.NODES.arrayNode();
    @Nullable String reason;
  }

  public ChatAnswer(AnswerHead head, int n, @Nullable Integer topLogprobs, long maxChars) {
    this.head = head;
    this.topLogprobs = topLogprobs;
    this.limit = new SizeLimit(maxChars);
    this.samples = new Sample[n];
    for (int i = 0; i < n; i++) {
      samples[i] = new Sample();
    }
  }

  @Override
  public void accept(int prompt, GenerateEvent event) {
    switch (event) {
      case GenerateEvent.Started started -> {}
      case GenerateEvent.Token token -> {
        limit.add(token);
        Sample sample = samples[token.index()];
        sample.text.append(token.text());
        if (topLogprobs != null) {
          sample.logprobs.add(Logprobs.chatEntry(token, topLogprobs));
        }
      }
      case GenerateEvent.Finished finished ->
          finish(finished.index(), finished.text(), finished.reason());
      case GenerateEvent.Completed completed -> usage = completed.usage();
      case GenerateEvent.Failed failed -> throw ChatChunks.failedSlippedThrough();
    }
  }

  @Override
  public String toJson() {
    return AnswerHead.write(toNode());
  }

  private ObjectNode toNode() {
    ObjectNode node = head.begin("chat.completion");
    ArrayNode choices = node.putArray("choices");
    for (int i = 0; i < samples.length; i++) {
      Sample sample = samples[i];
      ObjectNode choice = choices.addObject().put("index", i);
      choice
          .putObject("message")
          .put("role", "assistant")
          .put("content", sample.text.toString())
          .putNull("refusal");
      choice.set("logprobs", topLogprobs == null ? null : Logprobs.chat(sample.logprobs));
      choice.put("finish_reason", sample.reason);
    }
    node.set("usage", AnswerHead.usage(usage));
    return node;
  }

  /** The answer of a run. */
  public static String ofRun(AnswerHead head, RunResult result, String runId) {
    ChatAnswer answer = new ChatAnswer(head, 1, null, Long.MAX_VALUE);
    answer.finish(0, result.answer(), result.finishReason());
    answer.usage = result.usage();
    ObjectNode node = answer.toNode();
    node.putObject("ponder").put("run_id", runId).put("why", result.why());
    return AnswerHead.write(node);
  }

  private void finish(int index, String rest, String reason) {
    limit.add(rest.length());
    samples[index].text.append(rest);
    samples[index].reason = reason;
  }
}
