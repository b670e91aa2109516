package dev.ponder.gateway.openai;

import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.ChatMessage;
import dev.ponder.common.wire.GenerateRequest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A checked body of {@code POST /v1/chat/completions}.
 *
 * @param continueFinalMessage the last message is an assistant's, to be continued
 * @param topLogprobs null: no logprobs
 */
public record ChatBody(
    Settings settings,
    List<ChatMessage> messages,
    boolean continueFinalMessage,
    @Nullable Integer topLogprobs) {
  private static final int MAX_MESSAGES = 4_096;
  private static final int MAX_TOP_LOGPROBS = 20;
  private static final String ROLES = "one of system, developer, user, assistant";

  /**
   * Checks a body.
   *
   * @throws PonderException naming the first offending field
   */
  public static ChatBody read(JsonNode body) {
    Fields fields = Fields.ofBody(body);
    Settings settings = Settings.read(fields);
    JsonNode list = fields.required("messages", "an array of at least one message");
    if (!list.isArray() || list.isEmpty()) {
      throw PonderException.invalid(
          "messages", Fields.show(list), "an array of at least one message");
    }
    if (list.size() > MAX_MESSAGES) {
      throw PonderException.invalid(
          "messages", list.size() + " messages", "at most " + MAX_MESSAGES);
    }
    List<ChatMessage> messages = new ArrayList<>(list.size());
    for (int i = 0; i < list.size(); i++) {
      messages.add(message(list.get(i), "messages[" + i + "]"));
    }
    boolean continued = fields.bool("continue_final_message");
    if (continued && !messages.getLast().role().equals("assistant")) {
      throw PonderException.invalid(
          "continue_final_message", true, "the last message's role to be assistant");
    }
    return new ChatBody(settings, messages, continued, topLogprobs(fields));
  }

  /** The request for the model-service. */
  public GenerateRequest toGenerate(String model) {
    return new GenerateRequest(
        model,
        messages,
        null,
        null,
        continueFinalMessage,
        settings.n(),
        settings.maxTokens(),
        settings.stop(),
        settings.sampling(),
        topLogprobs,
        settings.ignoreEos(),
        null,
        null);
  }

  private static @Nullable Integer topLogprobs(Fields fields) {
    boolean logprobs = fields.bool("logprobs");
    Integer top = fields.integer("top_logprobs", 0, MAX_TOP_LOGPROBS);
    if (top != null && !logprobs) {
      throw PonderException.invalid("top_logprobs", top, "absent unless logprobs is true");
    }
    return logprobs ? Integer.valueOf(top == null ? 0 : top) : null;
  }

  private static ChatMessage message(JsonNode value, String name) {
    Fields fields = Fields.of(value, name);
    JsonNode role = fields.required("role", ROLES);
    if (!role.isString()) {
      throw PonderException.invalid(fields.path("role"), Fields.show(role), ROLES);
    }
    for (String tool : List.of("tool_calls", "function_call", "audio")) {
      JsonNode call = fields.get(tool);
      if (call != null && !(call.isArray() && call.isEmpty())) {
        throw fields.unsupported(tool, "absent: not supported yet");
      }
    }
    String content =
        content(fields.required("content", "a string or an array of text parts"), fields);
    return switch (role.stringValue()) {
      case "system", "developer" -> new ChatMessage("system", content);
      case "user" -> new ChatMessage("user", content);
      case "assistant" -> new ChatMessage("assistant", content);
      default -> throw PonderException.invalid(fields.path("role"), Fields.show(role), ROLES);
    };
  }

  private static String content(JsonNode value, Fields message) {
    String name = message.path("content");
    if (value.isString()) {
      return Fields.string(value, name, 0, Integer.MAX_VALUE);
    }
    if (!value.isArray() || value.isEmpty()) {
      throw PonderException.invalid(
          name, Fields.show(value), "a string or an array of at least one text part");
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < value.size(); i++) {
      Fields part = Fields.of(value.get(i), name + "[" + i + "]");
      JsonNode type = part.required("type", "text");
      if (!type.isString() || !type.stringValue().equals("text")) {
        throw PonderException.invalid(
            part.path("type"), Fields.show(type), "text: the models here read text only");
      }
      text.append(
          Fields.string(
              part.required("text", "a string"), part.path("text"), 0, Integer.MAX_VALUE));
    }
    return text.toString();
  }
}
