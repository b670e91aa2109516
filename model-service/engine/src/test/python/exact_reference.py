#!/usr/bin/env python3
"""Exact logits of a llama-architecture GGUF: the yardstick that Ponder's accuracy is measured against.

Weights are expanded to float64 and everything is computed in float64; activations and KV are never rounded. What an
engine's logits differ from these is that engine's own rounding (about 1e-13 of it is numpy's).

  exact_reference.py MODEL.gguf TOKENS.txt OUT.npy     token ids separated by white space -> float32 [tokens, vocabulary]

Needs numpy only; about 10 seconds for 512 tokens of a 135M model on two cores.
"""

import argparse
from pathlib import Path

import numpy as np

from gguf_weights import GgufError, GgufWeights

_LAYER_TENSORS = (
    "attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm", "ffn_gate", "ffn_up", "ffn_down",
)  # fmt: skip


class ExactReference:
    """Evaluates whole token sequences; weights are expanded layer by layer, once for all sequences of a call."""

    def __init__(self, path):
        self.weights = GgufWeights(path)
        metadata = self.weights.metadata
        architecture = metadata.get("general.architecture")
        if architecture != "llama":
            raise GgufError(f"{path}: architecture {architecture} (expected: llama)")

        def setting(key, default=None):
            value = metadata.get(f"llama.{key}", default)
            if value is None:
                raise GgufError(f"{path}: llama.{key} is missing")
            return value

        self.layers = setting("block_count")
        self.heads = setting("attention.head_count")
        self.kv_heads = setting("attention.head_count_kv", self.heads)
        self.head_size = setting("attention.key_length", setting("embedding_length") // self.heads)
        self.epsilon = setting("attention.layer_norm_rms_epsilon")
        self._check_rope(setting("rope.scaling.type", "none"))
        self.rotated = setting("rope.dimension_count", self.head_size)
        base = float(setting("rope.freq_base", 10000.0))
        self.frequencies = base ** (-np.arange(0, self.rotated, 2) / self.rotated)
        if "rope_freqs.weight" in self.weights.names():
            self.frequencies = self.frequencies / self.weights.tensor("rope_freqs.weight")
        self._refuse_unknown_tensors()

    def _check_rope(self, scaling):
        if scaling != "none":
            raise GgufError(f"llama.rope.scaling.type: {scaling} (expected: none)")

    def _refuse_unknown_tensors(self):
        """A yardstick that ignores a bias or a gate would measure the wrong model."""
        known = {"token_embd.weight", "output_norm.weight", "output.weight", "rope_freqs.weight"}
        known |= {f"blk.{layer}.{part}.weight" for layer in range(self.layers) for part in _LAYER_TENSORS}
        unknown = sorted(self.weights.names() - known)
        if unknown:
            raise GgufError(f"{self.weights.path}: tensors {unknown[:5]} (expected: those of a plain llama)")

    def logits(self, sequences):
        """For each sequence of token ids its float64 logits [tokens, vocabulary]; row i predicts token i + 1."""
        bounds = np.cumsum([0] + [len(sequence) for sequence in sequences])
        spans = [slice(start, end) for start, end in zip(bounds, bounds[1:])]
        positions = np.concatenate([np.arange(len(sequence)) for sequence in sequences])
        turn = np.exp(1j * np.outer(positions, self.frequencies))  # [rows, rotated / 2], a unit complex number each

        embedding = self.weights.tensor("token_embd.weight")
        hidden = embedding[np.concatenate([np.asarray(sequence) for sequence in sequences])]
        for layer in range(self.layers):
            part = {name: self.weights.tensor(f"blk.{layer}.{name}.weight") for name in _LAYER_TENSORS}
            hidden = hidden + self._attention(part, self._norm(hidden, part["attn_norm"]), turn, spans)
            hidden = hidden + _feed_forward(part, self._norm(hidden, part["ffn_norm"]))
        hidden = self._norm(hidden, self.weights.tensor("output_norm.weight"))
        untied = "output.weight" in self.weights.names()
        head = self.weights.tensor("output.weight") if untied else embedding
        return [hidden[span] @ head.T for span in spans]

    def _norm(self, rows, gain):
        return rows * gain / np.sqrt(np.mean(np.square(rows), axis=-1, keepdims=True) + self.epsilon)

    def _attention(self, part, rows, turn, spans):
        def heads(name, count):
            return (rows @ part[name].T).reshape(len(rows), count, self.head_size)

        query = self._rotate(heads("attn_q", self.heads), turn)
        key = self._rotate(heads("attn_k", self.kv_heads), turn)
        value = heads("attn_v", self.kv_heads)
        out = np.empty_like(query)
        group = self.heads // self.kv_heads  # query heads that share one K and V head
        for span in spans:
            length = span.stop - span.start
            future = np.triu(np.ones((length, length), dtype=bool), k=1)
            for head in range(self.heads):
                scores = query[span, head] @ key[span, head // group].T / np.sqrt(self.head_size)
                scores[future] = -np.inf
                out[span, head] = _softmax(scores) @ value[span, head // group]
        return out.reshape(len(rows), -1) @ part["attn_output"].T

    def _rotate(self, heads, turn):
        """RoPE as GGUF stores llama: neighbours (2i, 2i + 1) are the real and imaginary part of one number."""
        rotated = heads.copy()
        pairs = heads[..., 0 : self.rotated : 2] + 1j * heads[..., 1 : self.rotated : 2]
        pairs = pairs * turn[:, np.newaxis, :]
        rotated[..., 0 : self.rotated : 2] = pairs.real
        rotated[..., 1 : self.rotated : 2] = pairs.imag
        return rotated


def _feed_forward(part, rows):
    gate = rows @ part["ffn_gate"].T
    with np.errstate(over="ignore"):  # exp(-gate) may reach infinity: silu is then 0, as it should be
        silu = gate / (1.0 + np.exp(-gate))
    return (silu * (rows @ part["ffn_up"].T)) @ part["ffn_down"].T


def _softmax(scores):
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a GGUF file of the llama architecture")
    parser.add_argument("tokens", type=Path, help="text file with token ids")
    parser.add_argument("out", type=Path, help="the .npy file to write")
    args = parser.parse_args()
    try:
        (logits,) = ExactReference(args.model).logits([[int(t) for t in args.tokens.read_text().split()]])
    except (GgufError, OSError) as e:
        raise SystemExit(str(e)) from e
    np.save(args.out, logits.astype(np.float32))


if __name__ == "__main__":
    main()
