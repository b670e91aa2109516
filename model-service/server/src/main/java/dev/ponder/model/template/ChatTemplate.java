package dev.ponder.model.template;

import dev.ponder.common.wire.ChatMessage;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model's own chat template: turns a conversation into the text the model was trained on.
 *
 * <p>The language is Jinja as Hugging Face runs it ({@code trim_blocks}, {@code lstrip_blocks},
 * variables {@code messages}, {@code add_generation_prompt}, {@code bos_token}, {@code eos_token};
 * functions {@code raise_exception} and {@code strftime_now}). A rendering is bounded in work,
 * nesting and output.
 *
 * <p>Thread-safe.
 */
public final class ChatTemplate {
  private final JinjaTemplate template;
  private final Text bos;
  private final Text eos;
  private final Clock clock;

  private ChatTemplate(JinjaTemplate template, Text bos, Text eos, Clock clock) {
    this.template = template;
    this.bos = bos;
    this.eos = eos;
    this.clock = clock;
  }

  /**
   * Compiles a template.
   *
   * @param bos the text of the beginning-of-sequence token, empty if there is none
   * @param eos the text of the end-of-sequence token, empty if there is none
   * @throws TemplateException if the source is no template
   */
  public static ChatTemplate compile(String source, String bos, String eos, Clock clock) {
    return new ChatTemplate(JinjaTemplate.compile(source), Text.own(bos), Text.own(eos), clock);
  }

  /**
   * Renders a conversation, up to the opening of the assistant's turn.
   *
   * @throws TemplateException if the template refuses the conversation, or fails on it
   */
  public Prompt render(List<ChatMessage> messages) {
    return Prompt.of(render(messages, true));
  }

  /**
   * Renders a conversation whose last message is an assistant's turn that is to be gone on with:
   * the text ends where that message does.
   *
   * @throws TemplateException as {@link #render}, and if the template does not show that message
   */
  public Prompt renderOpen(List<ChatMessage> messages) {
    ChatMessage last = messages.getLast();
    if (last.content().isBlank()) {
      return render(messages.subList(0, messages.size() - 1));
    }
    Text text = render(messages, false);
    int end = text.length();
    while (end > 0 && !text.isData(end - 1)) {
      end--;
    }
    int begin = end;
    while (begin > 0 && text.isData(begin - 1)) {
      begin--;
    }
    String shown = text.toString().substring(begin, end).strip();
    if (shown.isEmpty() || !last.content().strip().endsWith(shown)) {
      throw new TemplateException("the model's template does not end with the last message");
    }
    return Prompt.of(text.slice(0, end));
  }

  private Text render(List<ChatMessage> messages, boolean addGenerationPrompt) {
    List<Object> conversation = new ArrayList<>();
    long size = 0;
    for (ChatMessage message : messages) {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("role", Text.own(message.role()));
      fields.put("content", Text.data(message.content()));
      conversation.add(fields);
      size += message.content().length();
    }
    Map<String, Object> variables = new LinkedHashMap<>();
    variables.put("messages", conversation);
    variables.put("add_generation_prompt", addGenerationPrompt);
    variables.put("bos_token", bos);
    variables.put("eos_token", eos);
    // Each message may be shown about twice, and a template adds its own text.
    int limit = (int) Math.min(Integer.MAX_VALUE / 2, 2 * size + JinjaTemplate.MAX_SOURCE);
    return template.render(variables, clock, limit);
  }
}
