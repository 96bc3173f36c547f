/// Sub-billion-parameter language models on the JVM: load, run, and converse with them in-process.
module mobilellm {
    requires static jdk.incubator.vector;
    requires static org.jspecify;
    requires com.google.protobuf;
    requires java.net.http;
    requires tools.jackson.core;

    exports mobilellm;
    exports mobilellm.config;
    exports mobilellm.engine;
    exports mobilellm.evaluation;
    exports mobilellm.evaluation.task;
    exports mobilellm.hub;
    exports mobilellm.judge;
    exports mobilellm.sampling;
    exports mobilellm.tensor;
    exports mobilellm.tokenizer;

    uses mobilellm.evaluation.task.TableReader;
}
