package dev.ponder.engine.tokenizer;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;

/**
 * SHA-256 over a tokenizer's tables. Strings are written with their length and lists with their
 * count, so that no two different tables give the same bytes.
 */
final class TokenizerDigest {
  private static final String LAYOUT = "ponder-tokenizer-1";

  private final MessageDigest digest;

  private TokenizerDigest() {
    try {
      this.digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  static byte[] of(String pre, Vocabulary vocabulary, List<String> merges, SpecialIds ids) {
    TokenizerDigest d = new TokenizerDigest();
    d.add(LAYOUT).add("gpt2").add(pre).add(vocabulary.size());
    for (int id = 0; id < vocabulary.size(); id++) {
      d.add(vocabulary.piece(id)).add(vocabulary.type(id).number());
    }
    d.add(merges.size());
    merges.forEach(d::add);
    return d.add(ids.bos()).add(ids.eos()).add(ids.addBos() ? 1 : 0).digest.digest();
  }

  private TokenizerDigest add(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    add(bytes.length);
    digest.update(bytes);
    return this;
  }

  private TokenizerDigest add(int number) {
    digest.update(ByteBuffer.allocate(4).putInt(0, number));
    return this;
  }
}
