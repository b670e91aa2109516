package dev.ponder.common.wire;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * A model as the model-service knows it.
 *
 * @param state {@code available} (on disk), {@code loading}, {@code ready} or {@code failed}
 * @param progress 0 to 1 while loading
 * @param error why it failed
 * @param digest SHA-256 of the file, hexadecimal
 * @param created epoch seconds
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ModelInfo(
    String id,
    String state,
    @Nullable Double progress,
    @Nullable String error,
    @Nullable String architecture,
    @Nullable String quantization,
    @Nullable Long parameters,
    @Nullable Integer contextLength,
    @Nullable Integer activationBits,
    @Nullable String kvType,
    @Nullable String kernels,
    @Nullable String digest,
    long created) {}
