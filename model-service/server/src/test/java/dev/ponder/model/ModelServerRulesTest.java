package dev.ponder.model;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ModelServerRulesTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.ponder.model", "dev.ponder.engine");

  @Test
  void classesWereFound() {
    assertThat(CLASSES.contain(ModelService.class)).isTrue();
    assertThat(CLASSES.contain(dev.ponder.engine.EngineInfo.class)).isTrue();
  }

  @Test
  void theEngineKnowsNoSpringAndNoServer() {
    noClasses()
        .that()
        .resideInAPackage("dev.ponder.engine..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.springframework..", "reactor..", "dev.ponder.model..", "tools.jackson..")
        .check(CLASSES);
  }

  @Test
  void nothingUsesJackson2() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("com.fasterxml.jackson.databind..", "com.fasterxml.jackson.core..")
        .check(CLASSES);
  }

  @Test
  void catalogAndTemplatesArePlainJava() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.ponder.model.catalog..", "dev.ponder.model.template..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.springframework..", "reactor..", "dev.ponder.engine..")
        .check(CLASSES);
  }

  @Test
  void templatesReachNothing() {
    classes()
        .that()
        .resideInAPackage("dev.ponder.model.template..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "dev.ponder.model.template..",
            "dev.ponder.common.wire..",
            "java.lang",
            "java.lang.runtime",
            "java.lang.invoke",
            "java.util..",
            "java.time..",
            "org.jspecify..")
        .check(CLASSES);
  }

  @Test
  void timeIsGiven() {
    noClasses().should().callMethod(Instant.class, "now").check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage("dev.ponder.model..")
        .should()
        .callMethod(System.class, "currentTimeMillis")
        .check(CLASSES);
  }
}
