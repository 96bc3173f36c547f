package mobilellm.config;

import java.util.Locale;

/// In which precision a model computes. The key/value cache has its own ([KvType]).
public enum Precision {
    /// As the model's file has its weights. Activations that meet quantised weights are rounded to 8 bits in blocks of 32.
    NATIVE,
    /// Exact weights and activations in f32.
    F32,
    /// 8-bit weights and activations: post-training quantisation by minimum and maximum as in MobileLLM (Liu et al. 2024, arXiv
    /// 2402.14905, section 4), with the defaults of its authors' LLM-QAT (arXiv 2305.17888). The projections of the blocks round
    /// their weights with one symmetric scale for each output channel, and their input with one for each token. All else,
    /// embedding and output head too, computes with f32 activations.
    W8A8;

    /// As options spell it.
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
