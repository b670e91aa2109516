"""How far one set of logits is from another: KL divergence and agreement of the top token."""

import numpy as np


def log_sum_exp(rows):
    peak = rows.max(axis=-1, keepdims=True)
    return (peak + np.log(np.exp(rows - peak).sum(axis=-1, keepdims=True)))[..., 0]


def kl(reference, ours):
    """KL(reference || ours) of each row in nats, over the whole vocabulary, in float64."""
    p = np.asarray(reference, dtype=np.float64)
    q = np.asarray(ours, dtype=np.float64)
    log_p = p - log_sum_exp(p)[:, np.newaxis]
    log_q = q - log_sum_exp(q)[:, np.newaxis]
    return np.sum(np.exp(log_p) * (log_p - log_q), axis=-1)


def report(title, reference, ours, kinds):
    """One line a kind of text and one for all: mean and largest KL, equal top tokens, largest difference of a logit.

    kinds: (name, tokens) in the order of the rows.
    """
    divergence = kl(reference, ours)
    agree = reference.argmax(axis=-1) == ours.argmax(axis=-1)
    difference = np.abs(reference - ours).max(axis=-1)
    print(f"{title}\n  {'text':<12}{'tokens':>7}{'mean KL':>12}{'max KL':>12}{'top equal':>11}{'max diff':>11}")
    rows, start = [], 0
    for name, tokens in kinds:
        rows.append((name, slice(start, start + tokens)))
        start += tokens
    for name, span in rows + [("all", slice(0, start))]:
        print(
            f"  {name:<12}{span.stop - span.start:>7}{divergence[span].mean():>12.3e}{divergence[span].max():>12.3e}"
            f"{100 * agree[span].mean():>10.2f}%{difference[span].max():>11.2e}"
        )
