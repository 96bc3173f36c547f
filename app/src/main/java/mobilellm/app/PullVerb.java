package mobilellm.app;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.util.List;

/// `mobilellm pull NAME`
@Command(
        description = {
            "Downloads a model into the local store, checks it against its sha256, and resumes"
                + " where an earlier attempt stopped. A model that is there already is not fetched"
                + " again."
        },
        footer = {
            "  mobilellm pull smollm2:135m",
            "  mobilellm pull hf:HuggingFaceTB/SmolLM2-135M-Instruct-GGUF"
        })
final class PullVerb implements Verb {
    @Parameters(
            paramLabel = "NAME",
            description = "a name of the catalogue, or hf:OWNER/NAME[@REVISION][:FILE]")
    String name = "";

    @Override
    public void run(Context context) throws IOException, InterruptedException {
        StoredModels.print(context, List.of(new Models(context).pull(name)));
    }
}
