package dev.ponder.gateway.openai;

import dev.ponder.common.wire.GenerateEvent;
import dev.ponder.common.wire.Usage;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A whole text completion: {@code text_completion}. */
public final class CompletionAnswer implements AnswerShape {
  private final AnswerHead head;
  private final int n;
  private final @Nullable Integer topLogprobs;
  private final SizeLimit limit;
  private final Sample[] samples;
  private Usage usage = Usage.ZERO;

  private static final class Sample {
    final StringBuilder text = new StringBuilder();
    final Logprobs.Legacy logprobs = new Logprobs.Legacy();
    @Nullable String reason;
  }

  public CompletionAnswer(
      AnswerHead head, int prompts, int n, @Nullable Integer topLogprobs, long maxChars) {
    this.head = head;
    this.n = n;
    this.topLogprobs = topLogprobs;
    this.limit = new SizeLimit(maxChars);
    this.samples = new Sample[prompts * n];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = new Sample();
    }
  }

  @Override
  public void accept(int prompt, GenerateEvent event) {
    switch (event) {
      case GenerateEvent.Started started -> {}
      case GenerateEvent.Token token -> {
        limit.add(token);
        Sample sample = samples[prompt * n + token.index()];
        if (topLogprobs != null) {
          sample.logprobs.add(token, topLogprobs, sample.text.length());
        }
        sample.text.append(token.text());
      }
      case GenerateEvent.Finished finished -> {
        limit.add(finished.text().length());
        Sample sample = samples[prompt * n + finished.index()];
        sample.text.append(finished.text());
        sample.reason = finished.reason();
      }
      case GenerateEvent.Completed completed -> usage = usage.plus(completed.usage());
      case GenerateEvent.Failed failed -> throw ChatChunks.failedSlippedThrough();
    }
  }

  @Override
  public String toJson() {
    ObjectNode node = head.begin("text_completion");
    ArrayNode choices = node.putArray("choices");
    for (int i = 0; i < samples.length; i++) {
      Sample sample = samples[i];
      ObjectNode choice = choices.addObject().put("index", i).put("text", sample.text.toString());
      choice.set("logprobs", topLogprobs == null ? null : sample.logprobs.toNode());
      choice.put("finish_reason", sample.reason);
    }
    node.set("usage", AnswerHead.usage(usage));
    return AnswerHead.write(node);
  }
}
