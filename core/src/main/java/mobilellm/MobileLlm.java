package mobilellm;

import mobilellm.checkpoint.Checkpoint;
import mobilellm.checkpoint.ModelTensors;
import mobilellm.config.LayerSharing;
import mobilellm.config.ModelConfig;
import mobilellm.config.Precision;
import mobilellm.engine.BatchDecoder;
import mobilellm.engine.LogitsListener;
import mobilellm.engine.PredictionScorer;
import mobilellm.engine.Session;
import mobilellm.engine.SessionOptions;
import mobilellm.kernel.KernelProvider;
import mobilellm.kernel.Kernels;
import mobilellm.kernel.ThreadTeam;
import mobilellm.kernel.TimedKernels;
import mobilellm.model.Transformer;
import mobilellm.model.Weights;
import mobilellm.sampling.SamplingOptions;
import mobilellm.tensor.MalformedFileException;
import mobilellm.tensor.UnsupportedModelException;
import mobilellm.tokenizer.StreamingDecoder;
import mobilellm.tokenizer.Tokenizer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/// A language model in this process.
///
/// ```java
/// try (MobileLlm model = MobileLlm.load(Path.of("model.gguf"))) {
///     for (String piece : model.chat().send("Why is the sky blue?")) {
///         System.out.print(piece);
///     }
/// }
/// ```
///
/// A model may be used by several threads; their computations take turns. A chat or a generation belongs to one thread at
/// a time. Closing the model closes them too; nothing may be computing then.
public final class MobileLlm implements AutoCloseable {
    private final ModelConfig config;
    private final LayerSharing storedSharing;
    private final SessionOptions sessionOptions;
    private final Supplier<Tokenizer> tokenizer;
    private final Optional<String> chatTemplate;
    private List<String> warnings = List.of();
    private SamplingOptions recommendedSampling = SamplingOptions.defaults();
    private Set<Integer> endOfGeneration = Set.of(); // of the files, without the tokenizer's
    private final KernelProvider kernels;
    private final ThreadTeam team;
    private final Weights weights;
    private final Transformer transformer;
    private final Set<Session> sessions = ConcurrentHashMap.newKeySet();
    private Optional<ChatPrompt> chatPrompt = Optional.empty();

    private MobileLlm(
            ModelConfig config,
            LayerSharing storedSharing,
            Supplier<Tokenizer> tokenizer,
            Optional<String> chatTemplate,
            SessionOptions sessionOptions,
            KernelProvider kernels,
            ThreadTeam team,
            Weights weights) {
        this.config = config;
        this.storedSharing = storedSharing;
        this.tokenizer = tokenizer;
        this.chatTemplate = chatTemplate;
        this.kernels = kernels;
        this.team = team;
        this.weights = weights;
        this.sessionOptions = sessionOptions;
        transformer = new Transformer(config, weights, kernels, team);
    }

    /// Loads a model file with [LoadOptions#defaults()].
    ///
    /// @throws IOException if the file cannot be read
    /// @throws MalformedFileException if it is not a sound model file
    /// @throws UnsupportedModelException if the model needs something that this version does not do
    public static MobileLlm load(Path path) throws IOException {
        return load(path, LoadOptions.defaults());
    }

    /// Loads a model file. Weights are copied into the layout of the kernels, and the file is closed again.
    ///
    /// @throws IOException if the file cannot be read
    /// @throws MalformedFileException if it is not a sound model file
    /// @throws UnsupportedModelException if the model needs something that this version does not do
    /// @throws IllegalArgumentException if an option does not suit the model or the machine
    public static MobileLlm load(Path path, LoadOptions options) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
            MobileLlm model = of(checkpoint, path, options);
            try {
                checkpoint.requireUnchanged();
                RecommendedSampling recommended =
                        RecommendedSampling.of(checkpoint.generationDefaults());
                model.recommendedSampling = recommended.options();
                model.endOfGeneration = checkpoint.generationDefaults().endOfGeneration();
                model.warnings = new ArrayList<>(checkpoint.warnings());
                recommended.warning().ifPresent(model.warnings::add);
                return model;
            } catch (Throwable e) {
                model.close();
                throw e;
            }
        }
    }

    private static MobileLlm of(Checkpoint checkpoint, Path path, LoadOptions options) {
        // Building the tokenizer takes as long as packing the weights of a small model: both go on
        // at once.
        CompletableFuture<Supplier<Tokenizer>> tokenizer =
                CompletableFuture.supplyAsync(
                        () -> tokenizer(checkpoint),
                        Thread.ofPlatform().daemon().name("mobilellm-tokenizer")::start);
        Optional<String> chatTemplate = checkpoint.chatTemplate();
        try {
            return of(
                    checkpoint.tensors(),
                    checkpoint.config(),
                    () -> tokenizer.join().get(),
                    chatTemplate,
                    options);
        } catch (MalformedFileException e) {
            // Who packs a tensor knows its name, and no file's.
            throw new MalformedFileException(path + ": " + e.getMessage(), e);
        } finally {
            // The caller closes the file that the tokenizer is read from.
            tokenizer.join();
        }
    }

    static MobileLlm of(
            ModelTensors tensors,
            ModelConfig stored,
            Supplier<Tokenizer> tokenizer,
            Optional<String> chatTemplate,
            LoadOptions options) {
        ModelConfig config = options.sharing().map(stored::withSharing).orElse(stored);
        SessionOptions sessionOptions =
                new SessionOptions(
                        options.contextLength().orElse(config.contextLength()),
                        options.keyValueType());
        sessionOptions.check(config);
        KernelProvider kernels = Kernels.of(options.kernels());
        ThreadTeam team = new ThreadTeam(options.threads());
        try {
            Weights weights = Weights.load(tensors, options.precision(), kernels, team);
            try {
                return new MobileLlm(
                        config,
                        stored.sharing(),
                        tokenizer,
                        chatTemplate,
                        sessionOptions,
                        kernels,
                        team,
                        weights);
            } catch (Throwable e) {
                weights.close();
                throw e;
            }
        } catch (Throwable e) {
            team.close();
            throw e;
        }
    }

    /// A model without a tokenizer that we know can still be run on ids, so the failure waits until someone asks.
    private static Supplier<Tokenizer> tokenizer(Checkpoint checkpoint) {
        try {
            Tokenizer built = checkpoint.tokenizer();
            return () -> built;
        } catch (MalformedFileException | UnsupportedModelException e) {
            return () -> {
                throw e;
            };
        }
    }

    public ModelConfig config() {
        return config;
    }

    /// In which precision it computes.
    public Precision precision() {
        return weights.precision();
    }

    /// The layer sharing that the file asks for. Under another one ([LoadOptions]) a model runs, but was not trained for it.
    public LayerSharing storedSharing() {
        return storedSharing;
    }

    /// What a user should know of the model's files although they can be run, a sentence each.
    public List<String> warnings() {
        return Collections.unmodifiableList(warnings);
    }

    /// The sampling that the makers of the model recommend (`generation_config.json`, the `general.sampling` keys of a GGUF
    /// file), over [SamplingOptions#defaults()]. Chats and generations use it unless told otherwise.
    public SamplingOptions recommendedSampling() {
        return recommendedSampling;
    }

    /// The model's tokenizer.
    ///
    /// @throws MalformedFileException if the file has none
    /// @throws UnsupportedModelException if it is of a kind that this version does not know
    public Tokenizer tokenizer() {
        return tokenizer.get();
    }

    /// Whether there is a tokenizer that can be used. Without one a model continues ids, and its [Generation] has no text.
    public boolean hasTokenizer() {
        try {
            var _ = tokenizer();
            return true;
        } catch (MalformedFileException | UnsupportedModelException e) {
            return false;
        }
    }

    /// Positions that a sequence may have.
    public int contextLength() {
        return sessionOptions.contextLength();
    }

    /// Name of the kernels that compute.
    public String kernels() {
        return kernels.name();
    }

    /// Bytes of memory that the weights take.
    public long weightBytes() {
        return weights.bytes();
    }

    /// Bytes of weights that are read for each generated token.
    public long bytesPerToken() {
        return transformer.bytesPerToken();
    }

    /// Measures what the operations of the forward pass cost, the dearest of decoding first. Generating is not slowed by it:
    /// the passes that are measured are its own.
    ///
    /// @param prompt ids that are read at once; also those that are taken one by one, followed by 0 where they are too few
    /// @param depth how many are in the cache before those that are taken one by one: the prompt's, over and over
    /// @param decode how many are taken one by one
    /// @throws mobilellm.engine.ContextLengthException if the prompt or what is taken one by one does not fit
    /// @throws IllegalArgumentException if it is empty, or an id lies outside the vocabulary
    public List<OperationCost> operationCosts(int[] prompt, int depth, int decode) {
        TimedKernels timed = new TimedKernels(kernels);
        try (Transformer measured = new Transformer(config, weights, timed, team);
                Session session = new Session(measured, sessionOptions)) {
            return new OperationProfile(session, timed).costs(prompt, depth, decode);
        }
    }

    /// Starts a conversation. Its memory is freed when it or the model is closed.
    ///
    /// @throws UnsupportedModelException if the model has no chat template
    /// @throws mobilellm.template.TemplateException if its chat template is malformed
    public Chat chat() {
        return new Chat(this, chatPrompt(), track(session()));
    }

    private synchronized ChatPrompt chatPrompt() {
        if (chatPrompt.isEmpty()) {
            String source =
                    chatTemplate.orElseThrow(
                            () ->
                                    new UnsupportedModelException(
                                            "the model has no chat template, so it was hardly"
                                                    + " trained to converse; generate() continues a"
                                                    + " text instead"));
            chatPrompt = Optional.of(new ChatPrompt(source, tokenizer()));
        }
        return chatPrompt.get();
    }

    /// Continues a text, at most 512 tokens, with the [#recommendedSampling()].
    ///
    /// @throws mobilellm.engine.ContextLengthException if the prompt does not fit; nothing was computed then
    public Generation generate(String prompt) {
        return generate(prompt, recommendedOptions());
    }

    GenerationOptions recommendedOptions() {
        return GenerationOptions.builder().sampling(recommendedSampling).build();
    }

    /// Continues a text, special tokens in it included: do not pass what a user wrote, [#chat] is for that.
    ///
    /// @throws mobilellm.engine.ContextLengthException if the prompt does not fit; nothing was computed then
    public Generation generate(String prompt, GenerationOptions options) {
        return generate(ids(prompt), options);
    }

    /// Continues a sequence of ids. A model without a [tokenizer][#hasTokenizer()] gives ids and no text.
    ///
    /// @throws mobilellm.engine.ContextLengthException if the prompt does not fit; nothing was computed then
    /// @throws IllegalArgumentException if it is empty, or an id lies outside the vocabulary
    /// @throws MalformedFileException if it is to end before some text, and there is no tokenizer
    /// @throws UnsupportedModelException if it is to end before some text, and the tokenizer is of an unknown kind
    public Generation generate(int[] prompt, GenerationOptions options) {
        Session session = track(session());
        try {
            return generation(session, prompt, options, finished -> release(session));
        } catch (Throwable e) {
            release(session);
            throw e;
        }
    }

    /// The ids that [#generate(String)] continues: special tokens are parsed, and the token that begins a sequence
    /// comes first if the model wants it.
    public int[] ids(String prompt) {
        int[] ids = tokenizer().encode(prompt, true);
        if (!tokenizer().addBos()) {
            return ids;
        }
        int bos = tokenizer().bos().orElseThrow();
        return IntStream.concat(IntStream.of(bos), IntStream.of(ids)).toArray();
    }

    /// The ids of a conversation up to where the model's answer begins, as [#chat] would read it: what messages say is
    /// plain text.
    ///
    /// @throws UnsupportedModelException if the model has no chat template
    /// @throws mobilellm.template.TemplateException if its chat template is malformed or refuses the conversation
    public int[] ids(List<ChatMessage> messages) {
        return chatPrompt().encode(messages);
    }

    /// Starts to generate several texts at once, each with the ids that it would have alone.
    ///
    /// @param streams most texts at the same time; each has a session of its own
    /// @throws IllegalArgumentException if that is less than one, or more than a step has room for
    public GenerationBatch batch(int streams) {
        return new GenerationBatch(this, new BatchDecoder(transformer), streams);
    }

    /// Computes the next-token logits at every position of a sequence. They have the same bits whatever the chunk.
    ///
    /// @param chunk ids computed at once, 1 to 512; 1 goes step by step, as generating does. Each takes 8 bytes for each
    ///     token of the vocabulary.
    /// @throws mobilellm.engine.ContextLengthException if the sequence does not fit
    /// @throws IllegalArgumentException if it is empty, or an id or the chunk lies out of range
    public void logits(int[] ids, int chunk, LogitsListener listener) {
        try (Session session = session()) {
            session.logits(ids, 0, chunk, listener);
        }
    }

    /// A bare sequence, for who works with ids and logits. The caller closes it, before the model.
    public Session session() {
        return new Session(transformer, sessionOptions);
    }

    /// Scores many texts at once, each with the bits that it would have alone. The caller closes it, before the model.
    ///
    /// @param batchRows ids that are computed at once, 1 to 512
    public PredictionScorer scorer(int batchRows) {
        return new PredictionScorer(transformer, sessionOptions, batchRows);
    }

    /// Tells models apart, wherever their files lie: a digest of sizes and weights. The first call reads every weight.
    public String identity() {
        return transformer.identity();
    }

    Generation generation(
            Session session,
            int[] prompt,
            GenerationOptions options,
            Consumer<Generation> whenFinished) {
        BatchDecoder alone = new BatchDecoder(transformer);
        boolean text = hasTokenizer() || !options.stop().isEmpty();
        Set<Integer> ends = text ? tokenizer().endOfGeneration() : endOfGeneration;
        StreamingDecoder decoder = text ? tokenizer().streamingDecoder(true) : new NoText();
        return new Generation(
                new DecodeLoop(session, alone, ends, decoder, prompt, options), whenFinished);
    }

    Session track(Session session) {
        sessions.add(session);
        return session;
    }

    void release(Session session) {
        if (sessions.remove(session)) {
            session.close();
        }
    }

    /// Decodes where there is no tokenizer.
    private static final class NoText implements StreamingDecoder {
        @Override
        public String accept(int id) {
            return "";
        }

        @Override
        public String finish() {
            return "";
        }
    }

    /// Frees the weights, and what chats and generations hold.
    @Override
    public void close() {
        sessions.forEach(this::release);
        transformer.close();
        weights.close();
        team.close();
    }
}
