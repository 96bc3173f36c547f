package mobilellm.model;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.checkpoint.ModelTensors;
import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;
import mobilellm.testing.JsonRow;
import mobilellm.testing.ReferenceTensors;
import mobilellm.testing.Shared;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// A small checkpoint in Hugging Face's layout, with what PyTorch computed from it.
final class FixtureModel implements AutoCloseable {
    private final Checkpoint checkpoint;
    private final JsonRow notes;
    private final ReferenceTensors expected;

    private FixtureModel(Path folder) throws IOException {
        Path huggingFace = folder.resolve("hf");
        checkpoint =
                Checkpoint.open(
                        Files.exists(huggingFace) ? huggingFace : folder.resolve("safetensors"));
        notes = JsonRow.read(folder.resolve("expected.json"));
        expected = ReferenceTensors.read(folder.resolve("expected.safetensors"));
    }

    static FixtureModel of(String name) throws IOException {
        return new FixtureModel(Shared.path("fixtures/models/" + name));
    }

    /// Names of the layer plans that there are results for.
    List<String> plans() {
        return List.copyOf(notes.row("plans").values().keySet());
    }

    JsonRow plan(String name) {
        return notes.row("plans").row(name);
    }

    JsonRow sequences() {
        return notes.row("sequences");
    }

    ReferenceTensors expected() {
        return expected;
    }

    ModelConfig config(String plan) {
        return checkpoint.config().withSharing(sharing(plan));
    }

    ModelTensors tensors() {
        return checkpoint.tensors();
    }

    /// `immediate-x2.own`
    static LayerSharing sharing(String plan) {
        if (plan.equals("none")) {
            return LayerSharing.NONE;
        }
        int times = plan.lastIndexOf("-x");
        int dot = plan.indexOf('.');
        return new LayerSharing(
                LayerSharing.Strategy.valueOf(constant(plan.substring(0, times))),
                Integer.parseInt(plan.substring(times + 2, dot)),
                LayerSharing.Cache.valueOf(constant(plan.substring(dot + 1))));
    }

    private static String constant(String name) {
        return name.toUpperCase(Locale.ROOT).replace('-', '_');
    }

    @Override
    public void close() throws IOException {
        checkpoint.close();
    }
}
