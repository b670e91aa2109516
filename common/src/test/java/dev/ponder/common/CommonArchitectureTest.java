package dev.ponder.common;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** What every module builds on depends on the JDK, Jackson and JSpecify alone. */
class CommonArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.ponder.common");

  @Test
  void classesWereLoaded() {
    assertThat(CLASSES.size()).isGreaterThan(20);
  }

  @Test
  void dependsOnNoFramework() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideOutsideOfPackages(
            "java..",
            "javax.crypto..",
            "dev.ponder.common..",
            "tools.jackson..",
            "com.fasterxml.jackson.annotation..",
            "org.jspecify..")
        .because("common is shared by the engine's server and by plain tools")
        .check(CLASSES);
  }

  @Test
  void takesTimeFromItsCaller() {
    noClasses()
        .should()
        .callMethod(java.time.Instant.class, "now")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .because("clocks are injected")
        .check(CLASSES);
  }
}
