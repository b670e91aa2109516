package dev.ponder.cache;

import dev.ponder.common.error.PonderException;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The form of a key: a SHA-256 in lower-case hexadecimal, so that it is safe inside Redis keys. */
final class BlockKey {
  /** 8192 blocks of 32 tokens are a context of 262,144 tokens. */
  static final int MAX_KEYS = 8192;

  private static final Pattern FORM = Pattern.compile("[0-9a-f]{64}");

  private BlockKey() {}

  static String checked(String name, @Nullable String key) {
    if (key == null || !FORM.matcher(key).matches()) {
      throw PonderException.invalid(name, key, "64 lower-case hexadecimal digits");
    }
    return key;
  }

  static List<String> checked(@Nullable List<@Nullable String> keys) {
    if (keys == null) {
      throw PonderException.missing("keys", "1 to " + MAX_KEYS + " block keys");
    }
    if (keys.isEmpty() || keys.size() > MAX_KEYS) {
      throw PonderException.invalid("keys", keys.size() + " keys", "1 to " + MAX_KEYS);
    }
    return keys.stream().map(key -> checked("keys", key)).toList();
  }
}
