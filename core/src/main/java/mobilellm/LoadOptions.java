package mobilellm;

import mobilellm.config.KvType;
import mobilellm.config.LayerSharing;
import mobilellm.config.Precision;

import java.util.Optional;
import java.util.OptionalInt;

/// How a model is loaded. Immutable; every value is checked.
///
/// @param threads threads that compute
/// @param kernels which code computes: `auto` for the fastest that this machine can run, or the name of a provider
/// @param contextLength positions to make room for; empty for what the model was trained for, which is also the most
/// @param keyValueType element type of the key/value cache
/// @param precision of weights and activations
/// @param sharing layer sharing instead of what the file says
public record LoadOptions(
        int threads,
        String kernels,
        OptionalInt contextLength,
        KvType keyValueType,
        Precision precision,
        Optional<LayerSharing> sharing) {
    public LoadOptions {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be at least 1, got " + threads);
        }
        if (contextLength.isPresent() && contextLength.getAsInt() < 1) {
            throw new IllegalArgumentException(
                    "context length must be at least 1, got " + contextLength.getAsInt());
        }
    }

    /// One thread for each physical core, the fastest kernels, the model's own context, keys and values in 16 bits, all else in the file's precision.
    public static LoadOptions defaults() {
        return builder().build();
    }

    /// Starts from [#defaults()].
    public static Builder builder() {
        return new Builder();
    }

    /// Collects options; [#build()] checks them.
    public static final class Builder {
        private int threads = PhysicalCores.count();
        private String kernels = "auto";
        private OptionalInt contextLength = OptionalInt.empty();
        private KvType keyValueType = KvType.F16;
        private Precision precision = Precision.NATIVE;
        private Optional<LayerSharing> sharing = Optional.empty();

        private Builder() {}

        public Builder threads(int value) {
            threads = value;
            return this;
        }

        public Builder kernels(String value) {
            kernels = value;
            return this;
        }

        public Builder contextLength(int value) {
            contextLength = OptionalInt.of(value);
            return this;
        }

        public Builder keyValueType(KvType value) {
            keyValueType = value;
            return this;
        }

        public Builder precision(Precision value) {
            precision = value;
            return this;
        }

        public Builder sharing(LayerSharing value) {
            sharing = Optional.of(value);
            return this;
        }

        /// The options, checked.
        ///
        /// @throws IllegalArgumentException naming the option that is out of range
        public LoadOptions build() {
            return new LoadOptions(
                    threads, kernels, contextLength, keyValueType, precision, sharing);
        }
    }
}
