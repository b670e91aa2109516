package dev.ponder.common.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ponder.common.error.ErrorCode;
import dev.ponder.common.error.PonderException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class InternalTokensTest {
  private static final long NOW = 1_800_000_000_000L;
  private static final Caller CALLER = new Caller("acme", "req-1", NOW + 60_000);

  private final InternalTokens tokens = new InternalTokens("a secret of some length");

  @Test
  void returnsTheSignedCaller() {
    assertThat(tokens.verify(tokens.sign(CALLER, NOW), NOW + 1000)).isEqualTo(CALLER);
  }

  @Test
  void livesForItsLifetimeAndNoLonger() {
    String token = tokens.sign(CALLER, NOW);
    assertThat(tokens.verify(token, NOW + InternalTokens.LIFETIME_MILLIS)).isEqualTo(CALLER);
    assertRefused(token, NOW + InternalTokens.LIFETIME_MILLIS + 1, "expired");
    assertRefused(token, NOW - InternalTokens.LIFETIME_MILLIS - 1, "expired");
  }

  @Test
  void anotherSecretsTokenIsRefused() {
    String foreign = new InternalTokens("another secret, as long").sign(CALLER, NOW);
    assertRefused(foreign, NOW, "not signed by this installation");
  }

  @Test
  void anEditedTenantIsRefused() {
    String[] parts = tokens.sign(CALLER, NOW).split("\\.", -1);
    String claims = new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8);
    String edited =
        Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(claims.replace("acme", "beta").getBytes(StandardCharsets.UTF_8));
    assertRefused("v1." + edited + "." + parts[2], NOW, "not signed by this installation");
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(
      strings = {"", ".", "..", "v1..", "v2.YQ.YQ", "v1.a.b.c", "v1.***.***", "v1.YQ.YQ", "Bearer"})
  void whatIsNotATokenIsRefused(@Nullable String token) {
    assertThatThrownBy(() -> tokens.verify(token, NOW))
        .isInstanceOfSatisfying(
            PonderException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.FORBIDDEN));
  }

  @Test
  void anyChangedCharacterIsRefused() {
    long seed = Long.getLong("test.seed", 20_261_123L);
    SplittableRandom random = new SplittableRandom(seed);
    String token = tokens.sign(CALLER, NOW);
    // The last character carries unused bits of base64, so a change there may mean the same bytes.
    for (int i = 0; i < token.length() - 1; i++) {
      char other = (char) random.nextInt(0x21, 0x7f);
      if (other != token.charAt(i)) {
        String changed = token.substring(0, i) + other + token.substring(i + 1);
        assertThatThrownBy(() -> tokens.verify(changed, NOW))
            .as("seed %d: %s", seed, changed)
            .isInstanceOf(PonderException.class);
      }
    }
  }

  @Test
  void aShortSecretStopsTheStart() {
    assertThatThrownBy(() -> new InternalTokens("short"))
        .hasMessageContaining("ponder.internal.secret: 5 characters (expected: at least 16");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a|b", "a b", "a\n", "{x}", "tenänt"})
  void aTenantThatCouldBreakOutOfAKeyIsRefused(String tenant) {
    assertThatThrownBy(() -> new Caller(tenant, "r", 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("tenant: ");
    assertThatThrownBy(() -> new Caller("t".repeat(65), "r", 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void tenantsHaveDifferentMacsAndSecretsToo() {
    assertThat(tokens.tenantMac("a")).hasSize(32).isNotEqualTo(tokens.tenantMac("b"));
    assertThat(tokens.tenantMac("a"))
        .isEqualTo(new InternalTokens("a secret of some length").tenantMac("a"))
        .isNotEqualTo(new InternalTokens("another secret, as long").tenantMac("a"));
  }

  private void assertRefused(String token, long now, String why) {
    assertThatThrownBy(() -> tokens.verify(token, now))
        .isInstanceOfSatisfying(
            PonderException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.FORBIDDEN))
        .hasMessage("X-Ponder-Token: " + why);
  }
}
