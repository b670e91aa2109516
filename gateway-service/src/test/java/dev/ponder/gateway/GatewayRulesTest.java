package dev.ponder.gateway;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import org.junit.jupiter.api.Test;

class GatewayRulesTest {
  private static final JavaClasses MAIN =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.ponder.gateway");

  @Test
  void classesWereLoaded() {
    assertThat(MAIN.contain(GatewayService.class)).isTrue();
    assertThat(MAIN.size()).isGreaterThan(40);
  }

  @Test
  void openAisWireIsPure() {
    check(
        noClasses()
            .that()
            .resideInAPackage("..openai..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.springframework..", "reactor..", "io.r2dbc..", "io.netty..")
            .because("shapes and checks need no server to be tested"));
  }

  @Test
  void servicesSpeakHttpOnly() {
    check(
        noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                "dev.ponder.model..",
                "dev.ponder.strategy..",
                "dev.ponder.cache..",
                "dev.ponder.engine..",
                "dev.ponder.standalone.."));
  }

  @Test
  void jacksonIsTheThird() {
    check(
        noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAPackage("com.fasterxml.jackson.databind.."));
  }

  @Test
  void timeIsInjected() {
    check(
        noClasses()
            .should()
            .callMethod(java.time.Instant.class, "now")
            .orShould()
            .callMethod(System.class, "currentTimeMillis")
            .orShould()
            .callMethod(java.time.Clock.class, "systemUTC")
            .because("use the Clock bean"));
  }

  @Test
  void nothingPrints() {
    check(
        noClasses()
            .should()
            .accessField(System.class, "out")
            .orShould()
            .accessField(System.class, "err"));
  }

  @Test
  void packagesHaveNoCycles() {
    SlicesRuleDefinition.slices()
        .matching("dev.ponder.gateway.(*)..")
        .should()
        .beFreeOfCycles()
        .check(MAIN);
  }

  private static void check(ArchRule rule) {
    rule.check(MAIN);
  }
}
