#!/usr/bin/env python3
"""The full KL divergence of the engine's logits from the exact reference's.

  compare_logits.py REFERENCE.npy OURS.f32        OURS: rows of little-endian float32, as AccuracyDump writes them

REFERENCE is what exact_reference.py writes for the same token ids. KL is taken over the whole vocabulary in float64;
the figure the committed golden vectors allow (top 128 and one lumped tail) is a lower bound of it.
"""

import argparse

import numpy as np

from divergence import report


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reference")
    parser.add_argument("ours")
    args = parser.parse_args()
    reference = np.load(args.reference).astype(np.float64)
    ours = np.fromfile(args.ours, dtype="<f4")
    if ours.size != reference.size:
        raise SystemExit(f"{args.ours}: {ours.size} floats (expected: {reference.size}, as in {args.reference})")
    report(args.ours, reference, ours.reshape(reference.shape).astype(np.float64), [("rows", len(reference))])


if __name__ == "__main__":
    main()
