package dev.ponder.engine.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ponder.engine.EngineException;
import dev.ponder.engine.Namespace;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class WaitingListTest {
  private final WaitingList list = new WaitingList();

  @Test
  void firstComeFirstServed() {
    List<Task> tasks = List.of(add("a", null), add("b", null), add("c", null));
    assertThat(drained()).isEqualTo(tasks);
  }

  @Test
  void siblingsAreServedTogether() {
    Task first = add("a", "run");
    Task other = add("a", null);
    Task foreign = add("b", "run");
    Task second = add("a", "run");
    assertThat(drained()).containsExactly(first, second, other, foreign);
  }

  @Test
  void nobodyIsOvertakenForever() {
    Task first = add("a", "run");
    Task other = add("b", null);
    List<Task> siblings = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      siblings.add(add("a", "run"));
    }
    List<Task> order = drained();
    assertThat(order).startsWith(first).hasSize(22);
    assertThat(order.indexOf(other)).isEqualTo(17);
    assertThat(order.subList(18, 22)).isEqualTo(siblings.subList(16, 20));
  }

  @Test
  void removesWhatMatches() {
    Task gone = add("a", null);
    Task kept = add("b", null);
    assertThat(list.removeIf(gone::equals)).containsExactly(gone);
    assertThat(drained()).containsExactly(kept);
  }

  private Task add(String namespace, @Nullable String group) {
    Task task = new Listed(new Namespace(namespace), group);
    list.add(task);
    return task;
  }

  /** The list looks at nothing but namespace and group. */
  private static final class Listed extends Task {
    Listed(Namespace namespace, @Nullable String group) {
      super(namespace, new int[] {1}, true, group, 0, task -> {});
    }

    @Override
    long queuedTokens() {
      return 1;
    }

    @Override
    List<Branch> newBranches() {
      return List.of();
    }

    @Override
    void onStart() {}

    @Override
    void onComplete(long nowNanos) {}

    @Override
    void onError(EngineException error) {}
  }

  private List<Task> drained() {
    List<Task> tasks = new ArrayList<>();
    for (Task task = list.first(); task != null; task = list.first()) {
      tasks.add(task);
      list.removeFirst();
    }
    assertThat(list.isEmpty()).isTrue();
    return tasks;
  }
}
