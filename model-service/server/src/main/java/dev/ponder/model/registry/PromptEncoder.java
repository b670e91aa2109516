package dev.ponder.model.registry;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.ChatMessage;
import dev.ponder.engine.gguf.GgufMetadata;
import dev.ponder.engine.tokenizer.Tokenizer;
import dev.ponder.model.template.ChatTemplate;
import dev.ponder.model.template.Prompt;
import dev.ponder.model.template.TemplateException;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Turns what a caller sends into a model's tokens. A conversation goes through the model's chat
 * template; only what the template itself wrote may become a control token, so a message that
 * spells one is just text. A raw prompt belongs to its caller as a whole, control tokens included.
 *
 * <p>Thread-safe. Long texts take their time: not for event loops.
 */
public final class PromptEncoder {
  private final Tokenizer tokenizer;
  private final ControlTokens controls;
  private final int contextLength;
  private final @Nullable ChatTemplate template;
  private final @Nullable String templateProblem;

  private PromptEncoder(
      Tokenizer tokenizer,
      int contextLength,
      @Nullable ChatTemplate template,
      @Nullable String templateProblem) {
    this.tokenizer = tokenizer;
    this.controls = new ControlTokens(tokenizer);
    this.contextLength = contextLength;
    this.template = template;
    this.templateProblem = templateProblem;
  }

  /** Makes the encoder of a model file; a template that does not compile is remembered as such. */
  public static PromptEncoder of(
      Tokenizer tokenizer, GgufMetadata metadata, int contextLength, Clock clock) {
    if (!metadata.has("tokenizer.chat_template")) {
      return new PromptEncoder(
          tokenizer, contextLength, null, "the model file has no chat template");
    }
    try {
      String source = metadata.string("tokenizer.chat_template");
      ChatTemplate template =
          ChatTemplate.compile(
              source, name(tokenizer, tokenizer.bos()), name(tokenizer, tokenizer.eos()), clock);
      return new PromptEncoder(tokenizer, contextLength, template, null);
    } catch (TemplateException e) {
      return new PromptEncoder(tokenizer, contextLength, null, e.getMessage());
    }
  }

  private static String name(Tokenizer tokenizer, int id) {
    return id < 0 ? "" : tokenizer.piece(id);
  }

  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /** Why conversations cannot be rendered, if they cannot. */
  public Optional<String> templateProblem() {
    return Optional.ofNullable(templateProblem);
  }

  /**
   * Encodes a conversation.
   *
   * @param open whether the last message is a turn of the assistant to be gone on with
   * @throws PonderException if the model has no usable template, or its template refuses the
   *     conversation
   */
  public int[] conversation(List<ChatMessage> messages, boolean open) {
    if (template == null) {
      throw PonderException.invalid("messages", templateProblem, "a model with a chat template");
    }
    requireFits("messages", messages.stream().mapToLong(m -> m.content().length()).sum());
    try {
      return encode(open ? template.renderOpen(messages) : template.render(messages));
    } catch (TemplateException e) {
      String why = e.getMessage() == null ? "" : e.getMessage();
      throw new PonderException(
          ErrorCode.INVALID_VALUE,
          e.isRefusal()
              ? "messages: the model's chat template refuses them: " + why
              : "messages: the model's chat template fails on them: " + why,
          "messages",
          null,
          e);
    }
  }

  /** Encodes a raw prompt, control tokens as they are spelled. */
  public int[] text(String name, String text) {
    requireFits(name, text.length());
    int[] ids = tokenizer.encode(text, true);
    boolean begins = ids.length > 0 && ids[0] == tokenizer.bos();
    return tokenizer.addBos() && tokenizer.bos() >= 0 && !begins
        ? IntStream.concat(IntStream.of(tokenizer.bos()), Arrays.stream(ids)).toArray()
        : ids;
  }

  /** Encodes text that continues a prompt; it spells no control tokens. */
  public int[] continuation(String name, String text) {
    requireFits(name, text.length());
    return tokenizer.encode(text, false);
  }

  /**
   * Refuses, before the work of tokenising, what cannot fit: a token stands for a bounded number of
   * bytes, and a UTF-16 unit is at least one.
   */
  private void requireFits(String name, long units) {
    long atLeast = units / Math.max(1, tokenizer.longestTokenBytes());
    if (atLeast > contextLength) {
      throw new PonderException(
          ErrorCode.CONTEXT_TOO_LONG,
          name
              + ": at least "
              + atLeast
              + " tokens (expected: at most the model's context of "
              + contextLength
              + " tokens)",
          name,
          null,
          null);
    }
  }

  /**
   * Encodes piece by piece between control tokens, not span by span: ordinary text that the
   * template and a message share at a seam is tokenised as one, as it was in training.
   */
  private int[] encode(Prompt prompt) {
    IntStream.Builder ids = IntStream.builder();
    StringBuilder plain = new StringBuilder();
    for (Prompt.Span span : prompt.spans()) {
      String text = span.text();
      int copied = 0;
      for (int i = 0; span.trusted() && i < text.length(); ) {
        ControlTokens.Control control = controls.at(text, i, text.length());
        if (control == null) {
          i++;
          continue;
        }
        plain.append(text, copied, i);
        flush(plain, ids);
        ids.add(control.id());
        i += control.name().length();
        copied = i;
      }
      plain.append(text, copied, text.length());
    }
    flush(plain, ids);
    return ids.build().toArray();
  }

  private void flush(StringBuilder plain, IntStream.Builder ids) {
    for (int id : tokenizer.encode(plain.toString(), false)) {
      ids.add(id);
    }
    plain.setLength(0);
  }
}
