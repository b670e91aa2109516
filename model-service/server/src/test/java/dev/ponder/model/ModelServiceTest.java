package dev.ponder.model;

import dev.ponder.model.registry.TestModels;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.boot.test.context.SpringBootTest;

/** The whole service on a real port, with small random models. One context for all tests. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@SpringBootTest(
    classes = {ModelService.class, TestModels.class},
    webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
    properties = {
      "spring.config.name=model-service",
      "ponder.internal.secret=" + ModelServiceTest.SECRET,
      "ponder.model.dir=" + TestModels.FOLDER,
      "ponder.model.load=" + TestModels.TINY,
      "ponder.model.threads=2",
      "ponder.model.kv-bytes=128MB",
      "ponder.model.max-sequences=4",
      "ponder.model.max-queued=16",
      "ponder.model.max-loaded=6",
      "ponder.model.drain=300ms",
      "ponder.model.warm-up=false",
      "management.tracing.export.enabled=false"
    })
public @interface ModelServiceTest {
  String SECRET = "a secret of the tests alone";
}
