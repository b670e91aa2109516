package dev.ponder.engine;

/**
 * What was loaded.
 *
 * @param name the model's own name, from the file
 * @param architecture for example {@code llama}
 * @param quantization for example {@code Q4_1}
 * @param digest SHA-256 of the model file, hexadecimal
 * @param contextLength tokens a prompt and its continuation may have together: the model's context,
 *     or what the KV pool holds if that is less
 * @param vocabulary number of token ids
 * @param activationBits 8 or 16
 * @param kvType the stored form of keys and values, for example {@code f16}
 * @param kernels which kernels run, in words
 * @param pageTokens tokens of a KV page
 * @param pageBytes bytes of a KV page, the length of a {@link PrefixStore} payload
 */
public record EngineInfo(
    String name,
    String architecture,
    String quantization,
    String digest,
    long parameters,
    int contextLength,
    int vocabulary,
    int activationBits,
    String kvType,
    String kernels,
    int pageTokens,
    long pageBytes,
    double ropeBase,
    double ropeScale) {}
