package mobilellm.assembler;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// What this processor can do and the system lets it do, asked by machine code of our own.
///
/// @param brand the processor's name for itself, empty if unknown
/// @param features what is there; nothing if machine code cannot run here
/// @param refusal why machine code cannot run here, if it cannot
public record CpuFeatures(String brand, Set<CpuFeature> features, Optional<String> refusal) {
    private static final int BRAND = 0x8000_0002;
    private static final int BRAND_LEAVES = 3;

    public CpuFeatures {
        features = Collections.unmodifiableSet(copy(features));
    }

    private static EnumSet<CpuFeature> copy(Set<CpuFeature> features) {
        var copy = EnumSet.noneOf(CpuFeature.class);
        copy.addAll(features);
        return copy;
    }

    /// Asks the processor; the answer is the same each time.
    public static CpuFeatures detect() {
        try (var query = new CpuQuery()) {
            int savedState = query.savedState();
            var features = EnumSet.noneOf(CpuFeature.class);
            for (CpuFeature feature : CpuFeature.values()) {
                if (feature.isIn(query, savedState)) {
                    features.add(feature);
                }
            }
            return new CpuFeatures(brand(query), features, Optional.empty());
        } catch (ExecutableMemoryRefused e) {
            return new CpuFeatures("", Set.of(), Optional.of(String.valueOf(e.getMessage())));
        }
    }

    private static String brand(CpuQuery query) {
        ByteBuffer text =
                ByteBuffer.allocate(BRAND_LEAVES * 4 * Integer.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < BRAND_LEAVES; i++) {
            query.leaf(BRAND + i, 0).forEach(text::putInt);
        }
        return new String(text.array(), StandardCharsets.US_ASCII).replace('\0', ' ').strip();
    }

    /// The fastest tier that is complete here, if any is.
    public Optional<CpuTier> tier() {
        return tiers().reversed().stream().findFirst();
    }

    /// All tiers that are complete here, slowest first.
    public List<CpuTier> tiers() {
        var tiers = new ArrayList<CpuTier>();
        for (CpuTier tier : CpuTier.values()) {
            if (tier.isIn(features)) {
                tiers.add(tier);
            }
        }
        return List.copyOf(tiers);
    }

    /// One line: what is here, or why machine code is not possible.
    public String why() {
        return refusal.orElseGet(
                () ->
                        features.stream()
                                .map(CpuFeature::toString)
                                .collect(Collectors.joining(" ", brand + ": ", "")));
    }
}
