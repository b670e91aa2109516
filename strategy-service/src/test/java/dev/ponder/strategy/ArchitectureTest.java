package dev.ponder.strategy;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.time.Instant;

@AnalyzeClasses(
    packages = "dev.ponder.strategy",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule algorithmsArePure =
      classes()
          .that()
          .resideInAPackage("..algorithm..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "dev.ponder.strategy.algorithm..",
              "dev.ponder.common.wire..",
              "dev.ponder.common.error..",
              "java.lang..",
              "java.math..",
              "java.nio.charset..",
              "java.security..",
              "java.text..",
              "java.util..",
              "com.fasterxml.jackson.annotation..",
              "org.jspecify..");

  @ArchTest
  static final ArchRule algorithmsDrawNoRandomNumbersAndReadNoClock =
      noClasses()
          .that()
          .resideInAPackage("..algorithm..")
          .should()
          .dependOnClassesThat()
          .haveNameMatching(
              "java\\.util\\.(Random|SplittableRandom|UUID|concurrent\\..*|random\\..*)"
                  + "|java\\.security\\.SecureRandom|java\\.time\\.Clock")
          .orShould()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(System.class, "nanoTime")
          .orShould()
          .callMethod(Math.class, "random");

  @ArchTest
  static final ArchRule timeIsInjected =
      noClasses().should().callMethod(Instant.class, "now").because("tests set the clock");

  @ArchTest
  static final ArchRule jacksonThreeOnly =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAPackage("com.fasterxml.jackson.databind..");

  @ArchTest
  static final ArchRule layers =
      noClasses()
          .that()
          .resideInAnyPackage("..algorithm..", "..backend..", "..log..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("..strategy.run..", "..strategy.http..");
}
