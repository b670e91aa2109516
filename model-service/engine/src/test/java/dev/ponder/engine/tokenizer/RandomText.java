package dev.ponder.engine.tokenizer;

import java.util.SplittableRandom;

/** Random texts that mix the classes which pre-tokenizers tell apart. */
final class RandomText {
  private static final String[] FRAGMENTS = {
    " ",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "\u00a0",
    "\u3000",
    "\u2028",
    "\u0085",
    "\u001c",
    "\u200b",
    "'",
    "'s",
    "'LL",
    "'re",
    "'v",
    "the",
    "Hello",
    "é",
    "e\u0301",
    "ſ",
    "ß",
    "中文",
    "ひ",
    "한",
    "ع",
    "ǅ",
    "ª",
    "𝕳",
    "0",
    "12",
    "345",
    "½",
    "Ⅳ",
    "٣",
    "𝟘",
    ".",
    "...",
    "$",
    "+",
    "<|",
    "|>",
    "<|im_end|>",
    "<|im_start|>",
    "—",
    "“",
    "😀",
    "👩🏿‍🚀",
    "\u0000",
    "\u007f",
    "\ufeff",
    "\ufffd",
    "_",
    "\u20dd"
  };

  private RandomText() {}

  /** Returns up to {@code most} fragments in a row, some of them any assigned code point. */
  static String of(SplittableRandom random, int most) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(most + 1); i > 0; i--) {
      if (random.nextInt(5) == 0) {
        text.appendCodePoint(assigned(random));
      } else {
        text.append(FRAGMENTS[random.nextInt(FRAGMENTS.length)]);
      }
    }
    return text.toString();
  }

  private static int assigned(SplittableRandom random) {
    while (true) {
      int codePoint = random.nextInt(random.nextBoolean() ? 0x10000 : 0x30000);
      int type = Character.getType(codePoint);
      if (type != Character.UNASSIGNED && type != Character.SURROGATE) {
        return codePoint;
      }
    }
  }
}
