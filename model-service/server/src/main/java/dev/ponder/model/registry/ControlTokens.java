package dev.ponder.model.registry;

import dev.ponder.engine.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds the names of a vocabulary's control tokens in text. Immutable. */
final class ControlTokens {
  /** A token that steers the model, and the text that stands for it. */
  record Control(int id, String name) {}

  private final Map<Character, List<Control>> byFirstCharacter = new HashMap<>();

  ControlTokens(Tokenizer tokenizer) {
    for (int id = 0; id < tokenizer.vocabularySize(); id++) {
      String name = tokenizer.isControl(id) ? tokenizer.piece(id) : "";
      if (!name.isEmpty()) {
        byFirstCharacter
            .computeIfAbsent(name.charAt(0), _ -> new ArrayList<>())
            .add(new Control(id, name));
      }
    }
    Comparator<Control> longestFirst = Comparator.comparingInt(c -> -c.name().length());
    byFirstCharacter.values().forEach(list -> list.sort(longestFirst));
  }

  /** Returns the longest control token whose name stands at {@code from}, before {@code to}. */
  @Nullable Control at(String text, int from, int to) {
    for (Control each : byFirstCharacter.getOrDefault(text.charAt(from), List.of())) {
      if (from + each.name().length() <= to && text.startsWith(each.name(), from)) {
        return each;
      }
    }
    return null;
  }
}
