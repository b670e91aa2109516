package dev.ponder.engine.tokenizer;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.gguf.GgufMetadata;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Byte-level byte-pair encoding (GPT-2 and its descendants): special tokens are cut out, the rest
 * is cut into pieces by a {@link PreTokenizer}, and the UTF-8 bytes of each piece are merged by
 * rank. Thread-safe.
 */
final class BytePairTokenizer implements Tokenizer {
  private static final String MODEL = "tokenizer.ggml.model";
  private static final String PRE = "tokenizer.ggml.pre";

  private final Vocabulary vocabulary;
  private final PreTokenizer preTokenizer;
  private final MergeTable merges;
  private final int[] byteIds;
  private final @Nullable Map<String, Integer> wholePieces;
  private final SpecialTokens alwaysMatched;
  private final SpecialTokens allSpecial;
  private final SpecialIds specialIds;
  private final byte[] digest;
  private final PieceCache cache = new PieceCache();

  private BytePairTokenizer(GgufMetadata metadata, String pre) {
    this.preTokenizer = PreTokenizers.named(pre);
    this.vocabulary = Vocabulary.of(metadata);
    Map<String, Integer> textIds = vocabulary.textIds();
    this.merges = MergeTable.of(metadata.strings(MergeTable.MERGES), textIds, vocabulary);
    this.byteIds = new int[256];
    for (int b = 0; b < 256; b++) {
      byteIds[b] = textIds.getOrDefault(String.valueOf(ByteAlphabet.symbol(b)), -1);
    }
    boolean llama3 = PreTokenizers.isLlama3(pre);
    this.wholePieces = llama3 ? textIds : null;
    this.alwaysMatched =
        new SpecialTokens(vocabulary, id -> vocabulary.type(id) == TokenType.USER_DEFINED);
    this.allSpecial =
        new SpecialTokens(
            vocabulary, id -> vocabulary.type(id) == TokenType.USER_DEFINED || isControl(id));
    this.specialIds = new SpecialIds(metadata, vocabulary, llama3);
    this.digest =
        TokenizerDigest.of(pre, vocabulary, metadata.strings(MergeTable.MERGES), specialIds);
  }

  static BytePairTokenizer of(GgufMetadata metadata) {
    String model = metadata.string(MODEL);
    if (!model.equals("gpt2")) {
      throw EngineException.unsupported(MODEL, model, "gpt2");
    }
    return new BytePairTokenizer(metadata, metadata.string(PRE, "default"));
  }

  @Override
  public int[] encode(String text, boolean parseSpecial) {
    if (text.length() > LONGEST_TEXT) {
      throw EngineException.invalidArgument(
          "text", text.length() + " characters", "at most " + LONGEST_TEXT);
    }
    String clean = withoutLoneSurrogates(text);
    IntList ids = new IntList(clean.length() / 3);
    SpecialTokens special = parseSpecial ? allSpecial : alwaysMatched;
    int from = 0;
    for (int i = 0; i < clean.length() && !special.isEmpty(); ) {
      int id = special.longestAt(clean, i);
      if (id < 0) {
        i++;
        continue;
      }
      encodeText(clean, from, i, ids);
      ids.add(id);
      i += vocabulary.piece(id).length();
      from = i;
    }
    encodeText(clean, from, clean.length(), ids);
    return ids.toArray();
  }

  @Override
  public byte[] bytes(int id) {
    return vocabulary.bytes(id).clone();
  }

  @Override
  public String piece(int id) {
    return vocabulary.piece(id);
  }

  @Override
  public String decode(int[] ids) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(4 * ids.length);
    for (int id : ids) {
      bytes.writeBytes(vocabulary.bytes(id));
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Override
  public int vocabularySize() {
    return vocabulary.size();
  }

  @Override
  public int longestTokenBytes() {
    return vocabulary.longestBytes();
  }

  @Override
  public int bos() {
    return specialIds.bos();
  }

  @Override
  public int eos() {
    return specialIds.eos();
  }

  @Override
  public boolean addBos() {
    return specialIds.addBos();
  }

  @Override
  public boolean isEndOfGeneration(int id) {
    return specialIds.isEndOfGeneration(id);
  }

  @Override
  public boolean isControl(int id) {
    TokenType type = vocabulary.type(id);
    return type == TokenType.CONTROL || type == TokenType.UNKNOWN;
  }

  @Override
  public byte[] digest() {
    return digest.clone();
  }

  private void encodeText(String text, int from, int to, IntList ids) {
    preTokenizer.split(text, from, to, (start, end) -> ids.addAll(encodePiece(text, start, end)));
  }

  private int[] encodePiece(String text, int from, int to) {
    String piece = text.substring(from, to);
    int[] known = cache.get(piece);
    if (known == null) {
      known = merged(piece.getBytes(StandardCharsets.UTF_8));
      cache.put(piece, known);
    }
    return known;
  }

  private int[] merged(byte[] bytes) {
    if (wholePieces != null) {
      Integer whole = wholePieces.get(ByteAlphabet.picture(bytes));
      if (whole != null) {
        return new int[] {whole};
      }
    }
    int[] symbols = new int[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      symbols[i] = byteIds[Byte.toUnsignedInt(bytes[i])];
    }
    return new BytePairMerger(merges, symbols).merge();
  }

  private static String withoutLoneSurrogates(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        return replaceLoneSurrogates(text);
      }
    }
    return text;
  }

  private static String replaceLoneSurrogates(String text) {
    char[] chars = text.toCharArray();
    for (int i = 0; i < chars.length; i++) {
      boolean pair = i + 1 < chars.length && Character.isSurrogatePair(chars[i], chars[i + 1]);
      if (pair) {
        i++;
      } else if (Character.isSurrogate(chars[i])) {
        chars[i] = '\uFFFD';
      }
    }
    return new String(chars);
  }
}
