package dev.ponder.engine.model;

import dev.ponder.engine.format.Unpacked;
import dev.ponder.engine.kernel.Kernels;
import dev.ponder.engine.kernel.KvCodec;
import dev.ponder.engine.kernel.KvType;
import dev.ponder.engine.kernel.Scratch;
import dev.ponder.engine.kernel.Team;

/**
 * One member's view of a forward pass: which share of the work is its own. Work is split over
 * outputs, or over pieces that are joined in a fixed order, so the number of members never shows in
 * a result.
 */
final class Step {
  private final Team team;
  private final int member;
  final Kernels kernels;
  final Scratch scratch;
  final AttentionMemory attention;
  final KvCodec codec;

  /** Whether the kernels attend to keys and values as they are stored. */
  final boolean attendsStored;

  final Unpacked embedding;

  /** The normalised row of a batch of one. */
  final float[] normed;

  Step(Team team, int member, Kernels kernels, int widest, ModelShape shape, KvType kvType) {
    this.team = team;
    this.member = member;
    this.kernels = kernels;
    scratch = kernels.scratch(widest);
    attention = new AttentionMemory(shape);
    codec = kernels.codec(shape.headSize(), kvType);
    attendsStored = kernels.attendsStored(shape.headSize(), kvType);
    embedding = new Unpacked(shape.width());
    normed = new float[shape.width()];
  }

  int member() {
    return member;
  }

  int members() {
    return team.size();
  }

  /** Where this member's share of {@code count} things begins; it ends where the next begins. */
  int from(int count) {
    return (int) ((long) count * member / team.size());
  }

  int to(int count) {
    return (int) ((long) count * (member + 1) / team.size());
  }

  /** Waits for all members. */
  void sync() {
    team.sync(member);
  }
}
