#!/usr/bin/env python3
"""Makes the golden accuracy files of the engine again, and prints the full KL of the engine on the way.

  ./mvnw -q -pl model-service/engine -am test-compile
  python3 model-service/engine/src/test/python/make_golden.py MODEL.gguf

Needs numpy, and a JDK 25 in JAVA_HOME or on the path. In order:
  1. the engine (test class AccuracyDump) tokenises golden/texts.txt and golden/prompts.txt, continues every prompt
     greedily by 32 tokens, and writes its logits over the texts with 16-bit and with 8-bit activations;
  2. the exact reference evaluates the same tokens in float64;
  3. golden/logits.bin.gz and golden/greedy.tsv are written, to be committed.

`--dump FOLDER` keeps the intermediate files (reference.npy, logits16.f32, logits8.f32 and the token lists) there;
`--from FOLDER` takes them from there instead of running the engine.
"""

import argparse
import gzip
import hashlib
import os
import struct
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from divergence import log_sum_exp, report
from exact_reference import ExactReference

TOP = 128
ENGINE = Path(__file__).resolve().parents[3]
GOLDEN = ENGINE / "src" / "test" / "resources" / "golden"
MAGIC = b"PGL1"


def run_engine(model, folder):
    classes = [ENGINE / "target" / "classes", ENGINE / "target" / "test-classes"]
    if not (classes[1] / "dev/ponder/engine/accuracy/AccuracyDump.class").is_file():
        raise SystemExit("the engine is not compiled: run ./mvnw -q -pl model-service/engine -am test-compile first")
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else "java"
    subprocess.run(
        [java, "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
         "-cp", os.pathsep.join(map(str, classes)), "dev.ponder.engine.accuracy.AccuracyDump",
         str(model), str(GOLDEN), str(folder)],
        check=True,
    )  # fmt: skip


def read_table(path):
    """Tab-separated lines: a name, then columns of token ids separated by blanks."""
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        name, *columns = line.split("\t")
        rows.append((name, [[int(token) for token in column.split()] for column in columns]))
    return rows


def write_logits(path, digest, texts, logits):
    """Big-endian, as Java's DataInput reads it; see GoldenLogits for the layout."""
    tokens = [token for _, (ids,) in texts for token in ids]
    top = np.argsort(-logits, axis=-1, kind="stable")[:, :TOP]
    rest = logits.copy()
    np.put_along_axis(rest, top, -np.inf, axis=-1)
    out = bytearray(MAGIC)
    out += struct.pack(">H", len(digest)) + digest.encode()
    out += struct.pack(">4i", len(texts), len(tokens), logits.shape[1], TOP)
    for name, (ids,) in texts:
        out += struct.pack(">H", len(name)) + name.encode() + struct.pack(">i", len(ids))
    out += np.array(tokens, ">i4").tobytes()
    out += log_sum_exp(rest).astype(">f8").tobytes()
    out += top.astype(">i4").tobytes()
    out += np.take_along_axis(logits, top, axis=-1).astype(">f4").tobytes()
    path.write_bytes(gzip.compress(bytes(out), compresslevel=9, mtime=0))


def write_greedy(path, digest, rows, logits):
    """One line a prompt: name, prompt, continuation, and of each step the reference's best, its logit, and our token's."""
    worst, same, steps = 0.0, 0, 0
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        out.write(f"# model {digest}\n")
        out.write("# name\tprompt\tcontinuation\treference best\tits logit\tlogit of the continuation's token\n")
        for (name, (prompt, continuation)), full in zip(rows, logits):
            step = full[len(prompt) - 1 : -1]
            best, ours = step.max(axis=-1), step[np.arange(len(continuation)), continuation]
            columns = [prompt, continuation, step.argmax(axis=-1), [f"{v:.4f}" for v in best], [f"{v:.4f}" for v in ours]]
            out.write("\t".join([name] + [" ".join(map(str, column)) for column in columns]) + "\n")
            worst = max(worst, float((best - ours).max()))
            same += int((best == ours).sum())
            steps += len(continuation)
    print(f"greedy: {same} of {steps} tokens are the reference's best; largest margin {worst:.4f} logits (allowed: 0.02)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--dump", type=Path, help="keep the intermediate files in this folder")
    parser.add_argument("--from", dest="source", type=Path, help="intermediate files of an earlier --dump")
    args = parser.parse_args()
    digest = hashlib.sha256(args.model.read_bytes()).hexdigest()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.source or args.dump or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        if not args.source:
            run_engine(args.model, folder)
        texts, greedy = read_table(folder / "texts.tsv"), read_table(folder / "greedy.tsv")
        tokens = [token for _, (ids,) in texts for token in ids]
        sequences = [tokens] + [prompt + continuation for _, (prompt, continuation) in greedy]
        reference, *continued = ExactReference(args.model).logits(sequences)
        kinds = [(name, len(ids)) for name, (ids,) in texts]
        settings = {"16": "16-bit activations", "8": "8-bit activations", "16-int8": "16-bit activations, int8 KV"}
        for name, setting in settings.items():
            ours = np.fromfile(folder / f"logits{name}.f32", dtype="<f4").reshape(reference.shape).astype(np.float64)
            report(f"{setting} against the exact reference", reference, ours, kinds)
        if args.dump:
            np.save(folder / "reference.npy", reference.astype(np.float32))
    write_logits(GOLDEN / "logits.bin.gz", digest, texts, reference)
    write_greedy(GOLDEN / "greedy.tsv", digest, greedy, continued)
    for name in ("logits.bin.gz", "greedy.tsv"):
        print(f"{GOLDEN / name}: {(GOLDEN / name).stat().st_size} bytes")


if __name__ == "__main__":
    main()
