package mobilellm.app;

import mobilellm.file.OutputFile;
import mobilellm.tensor.MalformedFileException;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What rounding each matrix of a model costs, in a file: minutes to measure, and the same for every target.
///
/// @param conditions digest of all that the costs depend on; a file that was made under others is refused
record KeptSensitivities(Path file, String conditions) {
    private static final String CONDITIONS = "conditions";
    private static final String DIVERGENCES = "divergences";

    /// @param matrices that must be there
    /// @return nothing if there is no such file
    /// @throws MalformedFileException if it is none of these files, or of another model, text or rounding
    Optional<Map<String, Double>> read(Set<String> matrices) throws IOException {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        Map<String, Object> kept;
        try {
            kept = Json.readObject(Files.readString(file), file.toString());
        } catch (IllegalArgumentException | CharacterCodingException e) {
            throw malformed("expected the JSON that --sensitivities writes");
        }
        if (!(kept.get(DIVERGENCES) instanceof Map<?, ?> divergences)) {
            throw malformed("expected the JSON that --sensitivities writes");
        }
        if (!conditions.equals(kept.get(CONDITIONS))) {
            throw malformed(
                    "was measured on another model or text, or with other options; give another"
                            + " name to measure anew");
        }
        Map<String, Double> costs = new LinkedHashMap<>();
        for (String matrix : matrices) {
            if (!(divergences.get(matrix) instanceof Number cost)) {
                throw malformed("expected a number for '%s'".formatted(matrix));
            }
            costs.put(matrix, cost.doubleValue());
        }
        return Optional.of(costs);
    }

    private MalformedFileException malformed(String problem) {
        return new MalformedFileException(file + ": " + problem);
    }

    /// Starts the file, before minutes are spent on what goes into it.
    OutputFile create() throws IOException {
        return OutputFile.create(file, false);
    }

    void write(Map<String, Double> costs, OutputFile output) throws IOException {
        output.write(Json.write(Map.of(CONDITIONS, conditions, DIVERGENCES, costs)) + "\n");
        output.commit();
    }
}
