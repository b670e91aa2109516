"""Writes the golden files of the tokenizer tests: texts with the token ids that llama.cpp gives.

    python -m pip install llama-cpp-python==0.3.36
    python src/test/python/tokenizer_golden.py MODEL.gguf src/test/resources/tokenizer

MODEL.gguf is SmolLM2-135M-Instruct.Q4_1.gguf. The files hold one case a line, tab separated: whether
special tokens are parsed (0 or 1), the text as an ASCII JSON string, the ids. Everything is seeded: the
same version of llama.cpp gives the same files.

smollm.tsv holds all texts with the model's own pre-tokenizer. The other files hold a part of them with
another pre-tokenizer over the same merges: llama.cpp reads a copy of the file's header with another name
in tokenizer.ggml.pre.

Where llama.cpp is known to differ from the model's own tokenizer (a JSON file of the `tokenizers`
library): special tokens are searched one name after the other, longest name first, instead of from the
left; the two agree unless two names overlap in the text, and no text here has that. Its tables are
Unicode 15: the 80 decimal digits that Unicode 16 added (U+10D40 GARAY DIGIT ZERO and others) are no
numbers to it, but to a JDK 25; compared over all code points, only these give other ids.
"""

import json
import random
import struct
import sys
import tempfile
from pathlib import Path

import llama_cpp

ENGLISH = """\
The quick brown fox jumps over the lazy dog.
It's a truth universally acknowledged, that a single man in possession of a good fortune, must be in want of a wife.
I'd've thought you'd know that they're we'll and I'm you've isn't 'tis 'S 'RE 'Ll 'd 't
HELLO WORLD! Hello, World? hello...world!!! (hello) [world] {x} <y> "quoted" 'single' `tick`
Mr. O'Neill's sister-in-law re-entered the co-op; e.g., at 5 o'clock -- or thereabouts -- on the 21st.
E-mail: someone@example.com, http://example.org/a/b?c=d&e=f#g, C:\\Users\\me\\file.txt, /usr/local/bin
antidisestablishmentarianism floccinaucinihilipilification pneumonoultramicroscopicsilicovolcanoconiosis
 leading space
  two leading spaces
trailing space 
trailing spaces   
a  b   c    d     e      f
x
 
What is 17 * 23? Answer: 391.
''s 's's 'll'll ''ll '  's ' s 'x 'r 'v 'l 're're
""".split("\n")

CODE = [
    "def fib(n):\n    if n < 2:\n        return n\n    return fib(n - 1) + fib(n - 2)\n",
    "public static void main(String[] args) {\n\tSystem.out.println(\"Hi\\n\" + args[0]);\n}\n",
    "#include <stdio.h>\r\nint main(void) {\r\n  printf(\"%d\\n\", 0x7fff);\r\n  return 0;\r\n}\r\n",
    "SELECT a.id, COUNT(*) AS n FROM t a JOIN u b ON a.id=b.id WHERE b.x <> 'y' GROUP BY 1 HAVING n >= 10;",
    "fn main() -> Result<(), Box<dyn Error>> { let v: Vec<_> = (0..10).map(|x| x * x).collect(); Ok(()) }",
    "const f = async ({a, b = 2, ...rest}) => { await g(`${a}-${b}`); return !rest?.x ?? null; };",
    "<html><body class=\"x\"><p>Hi &amp; bye</p><!-- c --><br/></body></html>",
    "{\"a\": [1, 2.5, -3e10, true, null], \"b\": {\"c\": \"\\u00e9\"}}",
    "for i in $(seq 1 10); do echo \"$i: ${arr[$i]}\" | tee -a /tmp/x.log 2>&1; done",
    "main :: IO ()\nmain = mapM_ print $ takeWhile (< 100) $ filter even [n^2 | n <- [1..]]\n",
    "x = y if z else -w  # comment\n\n\n\n    indented\n\t\ttabs\n  \t mixed\n",
    "\\begin{equation} \\int_0^\\infty e^{-x^2}\\,dx = \\frac{\\sqrt{\\pi}}{2} \\end{equation}",
    "a+=1;b-=2;c*=3;d/=4;e%=5;f&=6;g|=7;h^=8;i<<=9;j>>=10;k&&l||!m?n:o",
    "@Override public <T extends Comparable<? super T>> int compare(final T a, final T b) { return a.compareTo(b); }",
    "diff --git a/x b/x\n@@ -1,3 +1,4 @@\n-old\n+new\n context\n",
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n* item\n  * nested\n1. one\n2. two\n\n```java\nint x;\n```\n",
]

NUMBERS = [
    "0", "1", "12", "123", "1234", "12345", "1234567890", "3.14159", "1,000,000", "-42", "+7", "1e-10", "0x1F",
    "2024-02-29T23:59:59Z", "12:30", "50%", "$9.99", "№5", "1st 2nd 3rd", "a1b2c3", "1a2b3c", "x1 2y 3", " 1", "  1", "1 ",
    "1  2", "1\n2", "\n1", "1'2", "1's", "½ ⅓ ¼", "² ³ ¹", "Ⅳ ⅷ", "① ② ㊿", "٠١٢٣٤٥٦٧٨٩", "०१२३", "１２３", "𝟘𝟙𝟚", "a½b",
    " ٣٤", "৳১২", "1٢३", "3²", "10⁻³", "〇一二三", "1_000", "v1.2.3-rc4", "999999999999999999999999999999",
]

WORLD = [
    "Füße, Ärger, größer; naïve café, Ñandú, œuvre, Ångström, straße STRASSE ẞ",
    "Příliš žluťoučký kůň úpěl ďábelské ódy. Zażółć gęślą jaźń. Pchnąć w tę łódź jeża.",
    "Съешь же ещё этих мягких французских булок, да выпей чаю. Що це? Ќе одам.",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. ΤΑΧΙΣΤΗ ΑΛΩΠΗΞ ς σ Σ",
    "今天天气很好，我们去公园吧。你好，世界！（测试）「引号」《书》、……——",
    "繁體中文：國語、臺灣、龍。𠜎𠜱𠝹𠱓 㐀㐁 﨎﨏",
    "吾輩は猫である。名前はまだ無い。カタカナ ｶﾀｶﾅ ひらがな々〆ヶ ー〜・",
    "키스의 고유조건은 입술끼리 만나야 하고 특별한 기술은 필요치 않다. 한글 각 ㄱㅏㄱ",
    "صِف خَلقَ خَودِ كَمِثلِ الشَمسِ إِذ بَزَغَت، يَحظى الضَجيعُ بِها نَجلاءَ مِعطارِ؟ ـــ",
    "דג סקרן שט בים מאוכזב ולפתע מצא חברה. שָׁלוֹם",
    "ऋषियों को सताने वाले दुष्ट राक्षसों के राजा रावण का सर्वनाश। क्षत्रिय ज्ञान",
    "ที่จอดรถ เป็นมนุษย์สุดประเสริฐเลิศคุณค่า กว่าบรรดาฝูงสัตว์",
    "தமிழ் மொழி, తెలుగు భాష, ಕನ್ನಡ, മലയാളം, සිංහල, বাংলা ভাষা, ગુજરાતી, ਪੰਜਾਬੀ",
    "ქართული ენა, Հայերեն լեզու, አማርኛ ቋንቋ, ភាសាខ្មែរ, မြန်မာဘာသာ, བོད་སྐད, ᏣᎳᎩ, ᓀᐦᐃᔭᐍᐏᐣ",
    "Tiếng Việt: Con cáo nâu nhanh nhẹn nhảy qua con chó lười biếng. ưởng ễ ộ",
    "Türkçe: İstanbul ığdır IĞDIR şçöğü", "Íslenska: Kæmi ný öxi hér, ykist þjófum nú bæði víl og ádrepa.",
    "𝕳𝖊𝖑𝖑𝖔 𝓦𝓸𝓻𝓵𝓭 ℌ𝔢𝔩𝔩𝔬 Ｆｕｌｌｗｉｄｔｈ ｈａｌｆ ﬁ ﬂ ﬃ Ǆ ǅ ǆ ʰ ʲ ˠ ª º",
]

EMOJI = [
    "😀", " 😀", "😀😀😀", "a😀b", "👍🏽 👩🏿‍🚀 👨‍👩‍👧‍👦 🏳️‍🌈 🏴‍☠️ 🧑🏻‍🤝‍🧑🏿", "🇩🇪🇫🇷🇯🇵🇺🇳", "❤️ ❤ ☺️ ✔︎ ©️ ™️ 1️⃣ #️⃣ *️⃣",
    "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "I ❤️ 🍕!", "🔥🔥🔥1️⃣2️⃣3️⃣", "☀☁☂ ♠♥♦♣ ♩♪♫ ⚀⚁ ⌘⌥ ←↑→↓ ⇒⇔ ∀∃∈∉ ∑∏∫ ≤≥≠≈ ±×÷ √∞",
    "🀄🂡🎴 🏛🏗 💯💢 🈁🈂 🅰🆎 🄰 🅐 🆗", "🫠🫡🫢 🪿🫎 🫨", "\U0001f9ff\u200d\u200d\ufe0f\ufe0e\U0001f3fb", "┌─┐│└┘├┤ █▓▒░ ▀▄ ■□▲△ ◆◇○●",
]

MARKS = [
    "é vs e\u0301, ñ vs n\u0303, Å vs A\u030a vs \u212b", "Z\u0351\u036b\u0343a\u0334\u0317l\u0335\u0318g\u0336\u0319o\u0337\u031a", "\u0301", " \u0301", "\u0301a",
    "a\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308b", "x\u20dd y\u20de", "\u0915\u094d\u200d\u0937 \u0915\u094d\u200c\u0937", "\ufeffBOM", "a\ufeffb", "a\u00adb\u2060c\u200bd\u200ce\u200df\u200eg\u200fh",
    "\u202aLTR\u202c \u202eRTL\u202c \u2066x\u2069", "\ufffd", "\ufffd\ufffd a\ufffd", "\ue000\uf8ff", "\U000f0000\U0010fffd", "\ufdd0\uffff\U0001ffff", "\U000e0001\U000e0020",
    "“curly” ‘quotes’ «guillemets» „low“ ‚x‘ it’s don’t I’ll", "… – — ― ‐ ‑ ‒ • · ‧ ‰ ′ ″ ‹ › ※ ‼ ⁇ ⁈ ¡ ¿ § ¶ † ‡", "€ £ ¥ ¢ ₹ ₽ ₿ ₩ ₪ ¤", "a\u0338b =\u0338", "ſ 'ſ 'K I'ſ",
]

SPACES = [0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]

SPECIAL = [
    "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", " <|im_end|>", "<|im_end|> ", "<|im_end|><|im_end|>", "a<|im_end|>b", "<|im_end|", "|im_end|>", "<|im_end|>>", "<<|im_end|>",
    "<|im_<|im_end|>end|>", "<| im_end |>", "<|IM_END|>", "<|im_start|>user\n<|im_start|>", "x<|endoftext|>y<|endoftext|>z", "<repo_name>a/b<file_sep>c.py\nimport x<file_sep>",
    "<reponame><filename><gh_stars>100<issue_start><issue_comment>c<issue_closed><jupyter_start><jupyter_text><jupyter_code><jupyter_output><jupyter_script><empty_output>",
    "<repo_name", "<repo_name>>", "<repo_names>", "< repo_name>", "1<file_sep>1", "\n\n<|im_start|>\n\n", "  <|im_start|>  user", "é<|im_end|>é", "😀<|im_end|>😀", "中<file_sep>中", "\u3000<|im_end|>\u3000",
    "<s></s><unk><pad>[INST][/INST]<bos><eos>", "<|eot_id|><|start_header_id|>", "'<|im_end|>'s", "don'<|im_end|>t", "<|endoftext", "<|<|<|<|im_start|>|>|>|>",
]


def runs(longest):
    for unit in ["a", "A", "e", " ", "\n", "\t", "\r\n", "1", ".", "-", "=", "#", "!", "'", "é", "中", "ا", "😀", "\u0301", "\u00a0", "\u3000", "ab", "the ", "\n ", " \n", "x1", "½", "\x00", "\u200d"]:
        for count in (2, 3, 4, 5, 7, 8, 15, 16, 17, 33, 64, longest):
            yield unit * count


def around_spaces():
    for s in map(chr, SPACES):
        yield f"a{s}b"
        yield f"a{s}{s}b"
        yield f"{s}a{s} {s}!"
        yield f"1{s}{s}1{s}"
        yield f"a {s}b{s} c\n{s}d{s}\ne"


def controls():
    for c in [*range(0x00, 0x20), *range(0x7F, 0xA0)]:
        yield f"a{chr(c)}b {chr(c)}{chr(c)} c"


def mixtures(count, rng):
    parts = [p for group in (ENGLISH, CODE, NUMBERS, WORLD, EMOJI, MARKS) for text in group for p in text.split(" ") if p]
    parts += [chr(s) for s in SPACES] * 8 + ["  ", "\n\n", "\r\n", "\t\t", " \n ", "'s", "'ll", "'", " '", "'RE"] * 10
    for _ in range(count):
        yield "".join(rng.choice(parts) + rng.choice(["", "", " ", "  ", "\n"]) for _ in range(rng.randint(2, 12)))


def any_characters(count, rng):
    blocks = [(0x00, 0x7F), (0x80, 0x24F), (0x250, 0x58F), (0x590, 0x8FF), (0x900, 0x10FF), (0x1100, 0x1FFF), (0x2000, 0x2BFF), (0x2C00, 0x303F), (0x3040, 0x4DFF), (0x4E00, 0xA4CF), (0xA4D0, 0xD7FF), (0xE000, 0xFFFF), (0x10000, 0x14FFF), (0x16800, 0x1BFFF), (0x1D000, 0x1FBFF), (0x20000, 0x2FA1F)]
    for _ in range(count):
        yield "".join(chr(rng.randint(*rng.choice(blocks))) for _ in range(rng.randint(1, 24)))


def texts():
    rng = random.Random(20251123)
    plain = ["", *ENGLISH, "\n".join(ENGLISH), *CODE, *NUMBERS, *WORLD, *EMOJI, *MARKS, *around_spaces(), *controls(), *runs(300)]
    plain += [*mixtures(150, rng), *any_characters(150, rng)]
    plain += ["The end. " * 200, "x" * 4000, " " * 3000, "\n" * 1000, "ab1 " * 500, "é" * 1500, "1" * 1500]
    cases = [(text, 0) for text in dict.fromkeys(plain)]
    cases += [(text, special) for text in SPECIAL for special in (0, 1)]
    cases += [(text, 1) for text in ENGLISH[:6] + CODE[:4] + WORLD[:6]]
    return cases


def header_end(data):
    """Returns the byte after tokenizer.ggml.pre's name and the position of the string that follows."""
    key = b"tokenizer.ggml.pre"
    at = data.index(struct.pack("<Q", len(key)) + key) + 8 + len(key)
    assert struct.unpack_from("<I", data, at)[0] == 8, "the value is a string"
    return at + 4


def with_pre_tokenizer(model, name, folder):
    """Writes a copy of the model whose tokenizer.ggml.pre is another; only its vocabulary is good."""
    data = Path(model).read_bytes()
    at = header_end(data)
    length = struct.unpack_from("<Q", data, at)[0]
    changed = data[:at] + struct.pack("<Q", len(name)) + name.encode() + data[at + 8 + length :]
    path = Path(folder) / f"{name}.gguf"
    path.write_bytes(changed + bytes(64))
    return path


def write(model, cases, path):
    llama = llama_cpp.Llama(str(model), vocab_only=True, verbose=False)
    with open(path, "w", encoding="ascii", newline="\n") as out:
        for text, special in cases:
            ids = llama.tokenize(text.encode("utf-8"), add_bos=False, special=bool(special))
            out.write(f"{special}\t{json.dumps(text)}\t{' '.join(map(str, ids))}\n")
    llama.close()


def main(model, folder):
    cases = texts()
    write(model, cases, Path(folder) / "smollm.tsv")
    short = [(text, special) for text, special in cases if len(text) < 120]
    some = [case for i, case in enumerate(short) if i % 2 == 0 or "'" in case[0] or "\n" in case[0]]
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("gpt-2", "llama-bpe", "default"):
            write(with_pre_tokenizer(model, name, scratch), some, Path(folder) / f"{name}.tsv")
        # Qwen 2 differs from Llama 3 in runs of digits only, of which this vocabulary has single ones.
        qwen2 = Path(scratch) / "qwen2.tsv"
        write(with_pre_tokenizer(model, "qwen2", scratch), some, qwen2)
        assert qwen2.read_bytes() == (Path(folder) / "llama-bpe.tsv").read_bytes()


if __name__ == "__main__":
    main(*sys.argv[1:])
