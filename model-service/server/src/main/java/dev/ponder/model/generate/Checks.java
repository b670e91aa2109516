package dev.ponder.model.generate;

import dev.ponder.common.error.PonderException;
import dev.ponder.common.wire.ChatMessage;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The rules that several requests share. All throw {@link PonderException} INVALID_VALUE. */
final class Checks {
  private static final Set<String> ROLES = Set.of("system", "user", "assistant");
  private static final int MOST_MESSAGES = 4096;

  private Checks() {}

  // Records read from JSON hold null where the caller sent none, whatever their types say.
  static String model(@Nullable String model) {
    if (model == null || model.isEmpty()) {
      throw PonderException.missing("model", "the id of a model");
    }
    return model;
  }

  static void range(String name, long value, long least, long most) {
    if (value < least || value > most) {
      throw PonderException.invalid(name, value, least + " to " + most);
    }
  }

  /** Written so that a NaN never passes. */
  static void real(String name, double value, double least, double most) {
    if (!(value >= least && value <= most)) {
      throw PonderException.invalid(name, value, least + " to " + most);
    }
  }

  static void exactlyOne(String rule, @Nullable Object... given) {
    int count = 0;
    for (Object each : given) {
      count += each == null ? 0 : 1;
    }
    if (count != 1) {
      throw PonderException.invalid(rule, count + " given", "exactly one of them");
    }
  }

  static void messages(List<ChatMessage> messages) {
    range("number of messages", messages.size(), 1, MOST_MESSAGES);
    for (int i = 0; i < messages.size(); i++) {
      message("messages[" + i + "]", messages.get(i));
    }
  }

  private static void message(String name, @Nullable ChatMessage message) {
    if (message == null) {
      throw PonderException.invalid(name, null, "a message");
    }
    @Nullable String role = message.role();
    if (role == null || !ROLES.contains(role)) {
      throw PonderException.invalid(name + ".role", role, "system, user or assistant");
    }
    @Nullable String content = message.content();
    if (content == null) {
      throw PonderException.missing(name + ".content", "text");
    }
  }
}
