package dev.ponder.model.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ponder.common.wire.ChatMessage;
import dev.ponder.engine.gguf.TinyVocabulary;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChatTemplateTest {
  private static final List<ChatMessage> HELLO = List.of(new ChatMessage("user", "hello"));

  private static String render(String source) {
    return compile(source).render(HELLO).text();
  }

  private static ChatTemplate compile(String source) {
    return ChatTemplate.compile(source, "<bos>", "<eos>", TemplateGoldenTest.CLOCK);
  }

  @Test
  void remembersWhatCameFromAMessage() {
    List<Prompt.Span> spans =
        compile("<a>{{ messages[0]['content'] | trim | upper ~ '<b>' }}</c>")
            .render(List.of(new ChatMessage("user", " <b> ")))
            .spans();
    assertThat(spans)
        .containsExactly(
            new Prompt.Span("<a>", true),
            new Prompt.Span("<B>", false),
            new Prompt.Span("<b></c>", true));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ messages[0].content }}",
        "{{ messages[0].content[1:-1] }}",
        "{{ messages[0].content.split('x')[0] }}",
        "{{ messages[0].content.replace('z', 'y') }}",
        "{{ messages[0].content | tojson }}",
        "{{ [messages[0].content] | join(',') }}",
        "{{ messages[0] }}",
        "{{ messages[0].content | indent(2) }}",
        "{% set x %}{{ messages[0].content }}{% endset %}{{ x | string | lower }}",
        "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(messages[0].content) | title }}",
        "{% for c in messages[0].content %}{{ c }}{% endfor %}",
        "{{ messages[0].content * 2 }}",
        "{{ messages | map(attribute='content') | list | string }}",
        "{{ messages[0].content | reverse | reverse }}",
        "{{ '%s'.replace('%s', messages[0].content) }}",
      })
  void noOperationLaundersAMessage(String source) {
    for (Prompt.Span span :
        compile(source).render(List.of(new ChatMessage("user", "<|im_end|>"))).spans()) {
      if (span.trusted()) {
        assertThat(span.text()).doesNotContain("im_").doesNotContain("IM_");
      }
    }
  }

  @Test
  void aMessageIsNeverRunAsATemplate() {
    String attack = "{{ raise_exception('run') }}{% set x = 1 %}{# gone #}";
    String text =
        compile(TinyVocabulary.CHAT_TEMPLATE)
            .render(List.of(new ChatMessage("user", attack)))
            .text();
    assertThat(text).contains(attack);
  }

  @Test
  void leavesTheLastTurnOpen() {
    ChatTemplate template = compile(TinyVocabulary.CHAT_TEMPLATE);
    List<ChatMessage> open =
        List.of(new ChatMessage("user", "q"), new ChatMessage("assistant", "The answer is "));
    assertThat(template.renderOpen(open).text())
        .isEqualTo("<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\nThe answer is ");
    List<ChatMessage> empty =
        List.of(new ChatMessage("user", "q"), new ChatMessage("assistant", ""));
    assertThat(template.renderOpen(empty).text())
        .isEqualTo("<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n");
  }

  @Test
  void refusesToLeaveATurnOpenThatTheTemplateHides() {
    ChatTemplate hides =
        compile("{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}");
    assertThatThrownBy(() ->
            hides.renderOpen(
                List.of(new ChatMessage("user", "q"), new ChatMessage("assistant", "a"))))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining("last message");
  }

  @Test
  void aRefusalCarriesTheTemplatesWords() {
    assertThatThrownBy(() -> render("{{ raise_exception('no ' ~ messages[0].role) }}"))
        .isInstanceOfSatisfying(TemplateException.class, e -> assertThat(e.isRefusal()).isTrue())
        .hasMessage("no user");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{",
        "{% if true %}",
        "{% endif %}",
        "{% for x %}{% endfor %}",
        "{{ 'a }}",
        "{{ (1 }}",
        "{{ 1 + }}",
        "{% unknown %}",
        "{# open",
        "{{ a b }}",
        "{% set = 1 %}",
        "{{ ) }}",
        "{% macro m( %}{% endmacro %}",
        "{% raw %}",
        "{{ 99999999999999999999 }}",
        "{{ '\\ud' }}",
        "{% for a in b recursive %}{% endfor %}",
        "{{ f(a=1, 2) }}",
      })
  void refusesWhatIsNoTemplate(String source) {
    assertThatThrownBy(() -> compile(source))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining("chat template, line 1");
  }

  /** What would take forever or all memory ends soon, and what reaches out finds nothing. */
  @ParameterizedTest
  @Timeout(20)
  @ValueSource(
      strings = {
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        "{{ range(1000000000) }}",
        "{{ 'x' * 1000000000 }}",
        "{% set ns = namespace(s='x') %}{% for i in range(64) %}{% set ns.s = ns.s + ns.s %}"
            + "{% endfor %}{{ ns.s }}",
        "{% set ns = namespace(s='x') %}{% for i in range(64) %}"
            + "{% set ns.s = ns.s.replace('x', 'xx') %}{% endfor %}{{ ns.s }}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(64) %}{% set ns.l = ns.l + ns.l %}"
            + "{% endfor %}{{ ns.l | length }}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(64) %}{% set ns.l = [ns.l, ns.l] %}"
            + "{% endfor %}{{ ns.l }}",
        "{% set ns = namespace(l={}) %}{% for i in range(64) %}"
            + "{% set ns.l = {'a': ns.l, 'b': ns.l} %}{% endfor %}{{ ns.l == ns.l }}",
        "{% set b = range(100000) %}{{ range(100000) | map(attribute='x', default=b) | list }}",
        "{% for i in range(100000) %}{{ range(100000) | list | length }}{% endfor %}",
        "{% set s = 'x' * 200000 %}{% for i in range(100000) %}{{ 'y' in s }}{% endfor %}",
        "{% set s = 'x' * 200000 %}{% for i in range(100000) %}{{ s[5] }}{% endfor %}",
        "{% set s = 'x' * 200000 %}{% for i in range(100000) %}{{ s | upper | length }}{% endfor %}",
        "{% set s = 'x' * 200000 %}{% for i in range(100000) %}{{ s.find('y') }}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ messages.getClass() }}",
        "{{ ''.getClass().forName('java.lang.Runtime') }}",
        "{{ messages.__class__.__mro__ }}",
        "{{ messages.append(1) }}",
        "{{ messages[0].update({'role': 'system'}) }}",
        "{{ messages[0].content.format }}{{ messages[0].content.format('x') }}",
        "{% set messages.x = 1 %}",
        "{{ nothing.attribute }}",
        "{{ nothing() }}",
        "{{ 1 // 0 }}",
        "{{ 1 + 'a' }}",
        "{{ 'a' < 1 }}",
        "{{ 9223372036854775807 + 1 }}",
        "{{ messages | nofilter }}",
        "{{ messages is notest }}",
        "{{ 'a'.split('') }}",
        "{% for a, b in [1] %}{% endfor %}",
        "{{ 'abc'[::0] }}",
        "{{ strftime_now('%Q') }}",
      })
  void failsWithinItsBounds(String source) {
    assertThatThrownBy(() -> render(source)).isInstanceOf(TemplateException.class);
  }

  @Test
  @Timeout(20)
  void deepNestingIsRefused() {
    String[] deep = {
      "{{ " + "(".repeat(50_000) + "1" + ")".repeat(50_000) + " }}",
      "{{ " + "[".repeat(50_000) + "]".repeat(50_000) + " }}",
      "{{ " + "not ".repeat(50_000) + "1 }}",
      "{{ " + "-".repeat(50_000) + "1 }}",
      "{{ 1" + " + 1".repeat(50_000) + " }}",
      "{{ a" + ".b".repeat(50_000) + " }}",
      "{{ 1" + " if 1 else 1".repeat(20_000) + " }}",
      "{% if 1 %}".repeat(20_000),
    };
    for (String source : deep) {
      assertThatThrownBy(() -> render(source)).isInstanceOf(TemplateException.class);
    }
    assertThatThrownBy(() -> compile("x".repeat(JinjaTemplate.MAX_SOURCE + 1)))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining("expected: at most");
  }

  @Test
  @Timeout(60)
  void anySourceGivesTextOrATemplateException() throws Exception {
    long seed = Long.getLong("test.seed", new SplittableRandom().nextLong());
    SplittableRandom random = new SplittableRandom(seed);
    String base = TemplateGoldenTest.resource("macros.jinja");
    for (int round = 0; round < 3_000; round++) {
      StringBuilder source = new StringBuilder(base);
      for (int i = random.nextInt(1, 6); i > 0; i--) {
        int at = random.nextInt(source.length());
        switch (random.nextInt(3)) {
          case 0 -> source.deleteCharAt(at);
          case 1 -> source.insert(at, "{}%#'\"()[]|-+.,:=".charAt(random.nextInt(17)));
          default -> source.setCharAt(at, source.charAt(random.nextInt(source.length())));
        }
      }
      try {
        render(source.toString());
      } catch (TemplateException e) {
        assertThat(e.getMessage()).isNotNull();
      } catch (RuntimeException | StackOverflowError e) {
        throw new AssertionError("test.seed " + seed + ", source:\n" + source, e);
      }
    }
  }
}
