package dev.ponder.cache;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class CacheArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.ponder.cache");

  @Test
  void knowsNoOtherService() {
    assertThat(CLASSES.size()).isGreaterThan(10);
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.ponder.model..",
            "dev.ponder.engine..",
            "dev.ponder.strategy..",
            "dev.ponder.gateway..",
            "com.fasterxml.jackson.databind..")
        .because("services speak HTTP, and JSON is Jackson 3")
        .check(CLASSES);
  }

  @Test
  void takesTimeFromTheClock() {
    noClasses()
        .should()
        .callMethod(Instant.class, "now")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .because("clocks are injected")
        .check(CLASSES);
  }
}
