#!/usr/bin/env python3
"""llama.cpp's side of the speed table: runs one fixed workload at a time, as it is told on standard input.

  llama_cpp_peer.py MODEL.gguf [--threads 2]

Each line of standard input names a flash-attention setting (0 or 1) and a workload, for instance

  1 prefill 512            one prompt of 512 tokens
  0 decode 64 16 256       64 tokens for each of 16 sequences that share one prompt of 256 tokens

and is answered by one line of JSON with the seconds it took: {"seconds": 1.23}, or {"error": "..."}. The first line
written, before any is read, is {"llama_cpp": version, "vocabulary": size}. The process ends with its standard input.

Token ids are random (fixed seed), logits are produced for the last token of a prompt and for every decoded token,
nothing is sampled. Making a context and evaluating the prompt in front of decoded tokens is not timed.
Needs llama-cpp-python and numpy.
"""

import argparse
import contextlib
import ctypes
import json
import resource
import sys
import time

import llama_cpp
import numpy as np

FIRST_ID = 10  # the ids below are control tokens in most vocabularies, and so may be the last ones


@llama_cpp.llama_log_callback
def silent(level, text, user_data):
    """llama.cpp logs a page for each context; errors still come back as return codes."""


class Peer:
    def __init__(self, path, threads):
        llama_cpp.llama_log_set(silent, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        self.threads = threads
        self.model = llama_cpp.llama_model_load_from_file(path.encode(), llama_cpp.llama_model_default_params())
        if not self.model:
            raise RuntimeError(f"{path}: llama.cpp cannot load this model")
        self.vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(self.model))
        self.random = np.random.default_rng(1)

    def run(self, flash, kind, numbers):
        if kind == "prefill":
            (tokens,) = numbers
            with self._context(max(1024, tokens + 32), 1, flash) as context:
                return self._prompt(context, tokens, 1)
        if kind == "decode":
            steps, sequences, prompt = numbers
            with self._context(prompt + steps * sequences + 64, sequences, flash) as context:
                self._prompt(context, prompt, sequences)
                batches = [
                    self._batch([(token, prompt + step, [s], True) for s, token in enumerate(self._ids(sequences))])
                    for step in range(steps)
                ]
                return self._timed(context, batches)
        raise ValueError(f"workload: {kind} (expected: prefill or decode)")

    def _ids(self, count):
        return self.random.integers(FIRST_ID, self.vocabulary - FIRST_ID, count).tolist()

    @contextlib.contextmanager
    def _context(self, tokens, sequences, flash):
        settings = llama_cpp.llama_context_default_params()
        settings.n_ctx = tokens
        settings.n_seq_max = sequences
        settings.n_batch, settings.n_ubatch = 2048, 512
        settings.n_threads = settings.n_threads_batch = self.threads
        settings.kv_unified = True  # so that sequences can share the prompt's entries
        settings.flash_attn_type = flash
        context = llama_cpp.llama_init_from_model(self.model, settings)
        if not context:
            raise RuntimeError(f"llama.cpp refused a context of {tokens} tokens for {sequences} sequences")
        try:
            yield context
        finally:
            llama_cpp.llama_free(context)

    def _prompt(self, context, tokens, sequences):
        shared = list(range(sequences))
        rows = [(token, i, shared, i == tokens - 1) for i, token in enumerate(self._ids(tokens))]
        return self._timed(context, [self._batch(rows)])

    @staticmethod
    def _batch(rows):
        """rows: (token, position, sequences it belongs to, whether its logits are wanted)"""
        batch = llama_cpp.llama_batch_init(len(rows), 0, max(len(sequences) for _, _, sequences, _ in rows))
        batch.n_tokens = len(rows)
        for i, (token, position, sequences, wanted) in enumerate(rows):
            batch.token[i], batch.pos[i], batch.logits[i] = token, position, wanted
            batch.n_seq_id[i] = len(sequences)
            for j, sequence in enumerate(sequences):
                batch.seq_id[i][j] = sequence
        return batch

    @staticmethod
    def _timed(context, batches):
        start = time.perf_counter()
        for batch in batches:
            status = llama_cpp.llama_decode(context, batch)
            if status != 0:
                raise RuntimeError(f"llama_decode: status {status} (expected: 0)")
            llama_cpp.llama_synchronize(context)
        seconds = time.perf_counter() - start
        for batch in batches:
            llama_cpp.llama_batch_free(batch)
        return seconds


def answer(message):
    print(json.dumps(message), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    try:
        peer = Peer(args.model, args.threads)
    except RuntimeError as e:
        answer({"error": str(e)})
        return 1
    answer({"llama_cpp": llama_cpp.__version__, "vocabulary": peer.vocabulary})
    for line in sys.stdin:
        try:
            flash, kind, *numbers = line.split()
            seconds = peer.run(int(flash), kind, [int(n) for n in numbers])
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts kilobytes
            answer({"seconds": seconds, "peakBytes": peak})
        except (RuntimeError, ValueError) as e:
            answer({"error": str(e)})
    return 0


if __name__ == "__main__":
    sys.exit(main())
