package dev.ponder.engine;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.Test;

/** What the engine may not know of. */
class EngineRulesTest {
  private static final JavaClasses MAIN =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.ponder.engine");

  @Test
  void classesWereLoaded() {
    assertThat(MAIN.contain(EngineException.class)).isTrue();
  }

  @Test
  void knowsNothingOfServersDatabasesOrHttp() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.springframework..",
            "reactor..",
            "io.netty..",
            "java.net.http..",
            "java.sql..",
            "tools.jackson..",
            "com.fasterxml..")
        .check(MAIN);
  }

  @Test
  void dependsOnThePlatformAlone() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideOutsideOfPackages(
            "java..", "jdk.incubator.vector..", "org.jspecify..", "dev.ponder.engine..")
        .check(MAIN);
  }

  @Test
  void onlyTheKernelsUseTheVectorModule() {
    vectorOnlyIn("dev.ponder.engine.kernel..").allowEmptyShould(true).check(MAIN);
  }

  @Test
  void readsNoClockOfItsOwn() {
    noClasses()
        .should()
        .callMethod(java.time.Instant.class, "now")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .check(MAIN);
  }

  @Test
  void theRulesCanFail() {
    ArchRule noFiles = noClasses().should().dependOnClassesThat().resideInAPackage("java.nio..");
    assertThatThrownBy(() -> noFiles.check(MAIN)).isInstanceOf(AssertionError.class);
  }

  private static ArchRule vectorOnlyIn(String kernels) {
    return noClasses()
        .that()
        .resideOutsideOfPackage(kernels)
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jdk.incubator..");
  }
}
