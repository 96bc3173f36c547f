package mobilellm.bench;

import mobilellm.LoadOptions;
import mobilellm.MobileLlm;
import mobilellm.engine.Session;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Scanner;

/// What several processes get done that decode at once on the same processors, beside one of them alone, in turns:
///
///     java -XX:TieredStopAtLevel=1 -cp app/target/mobilellm.jar bench/src/main/java/mobilellm/bench/CompanyBenchmark.java MODEL.gguf 2 2 3
///
/// The numbers are threads of each process, processes, and seconds of each of ten turns. A stall is the longest time between two
/// tokens.
public final class CompanyBenchmark {
    private static final int TURNS = 5;
    private static final int TOKENS = 128;
    private static final String WORKER = "worker";

    private CompanyBenchmark() {}

    public static void main(String[] arguments) throws IOException {
        if (arguments[arguments.length - 1].equals(WORKER)) {
            work(Path.of(arguments[0]), Integer.parseInt(arguments[1]));
            return;
        }
        List<Worker> workers = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(arguments[2]); i++) {
            workers.add(Worker.start());
        }
        double seconds = Double.parseDouble(arguments[3]);
        double[] shares = new double[TURNS];
        for (int turn = 0; turn < TURNS; turn++) {
            double alone = run(workers.subList(0, 1), seconds);
            shares[turn] = run(workers, seconds) / alone;
            System.out.printf(Locale.ROOT, "  together %.2f of alone%n", shares[turn]);
        }
        workers.forEach(Worker::end);
        Arrays.sort(shares);
        System.out.printf(Locale.ROOT, "median %.2f%n", shares[TURNS / 2]);
    }

    /// Tokens a second of all of them together.
    private static double run(List<Worker> workers, double seconds) throws IOException {
        for (Worker worker : workers) {
            worker.say(seconds);
        }
        double rate = 0;
        for (Worker worker : workers) {
            String answer = worker.answer();
            System.out.printf("%d at once: %s%n", workers.size(), answer);
            rate += Double.parseDouble(answer.substring(0, answer.indexOf(' ')));
        }
        return rate;
    }

    /// Another process like this one.
    private record Worker(Process process, BufferedReader output) {
        static Worker start() throws IOException {
            ProcessHandle.Info self = ProcessHandle.current().info();
            List<String> command = new ArrayList<>();
            command.add(self.command().orElseThrow());
            command.addAll(List.of(self.arguments().orElseThrow()));
            command.add(WORKER);
            Process process =
                    new ProcessBuilder(command)
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
            Worker worker = new Worker(process, process.inputReader());
            worker.answer(); // It is warm.
            return worker;
        }

        void say(double seconds) throws IOException {
            process.outputWriter().write(seconds + "\n");
            process.outputWriter().flush();
        }

        String answer() throws IOException {
            String line = output.readLine();
            if (line == null) {
                throw new IllegalStateException("a process ended early");
            }
            return line;
        }

        void end() {
            process.destroy();
        }
    }

    private static void work(Path file, int threads) throws IOException {
        LoadOptions options = LoadOptions.builder().threads(threads).contextLength(TOKENS).build();
        try (MobileLlm model = MobileLlm.load(file, options);
                Session session = model.session();
                Scanner orders = new Scanner(System.in, StandardCharsets.UTF_8)) {
            decode(session, 1);
            System.out.println("ready");
            while (orders.hasNextLine()) {
                System.out.println(decode(session, Double.parseDouble(orders.nextLine())));
            }
        }
    }

    private static String decode(Session session, double seconds) {
        long start = System.nanoTime();
        long processorNanos = processorNanos();
        long before = start;
        long longest = 0;
        int tokens = 0;
        while (before - start < seconds * 1e9) {
            if (session.length() == TOKENS) {
                session.rollback(0);
            }
            session.append(tokens++ % TOKENS);
            long now = System.nanoTime();
            longest = Math.max(longest, now - before);
            before = now;
        }
        return String.format(
                Locale.ROOT,
                "%.1f tokens/s, longest stall %.0f ms, %.2f ms of processor time a token",
                tokens * 1e9 / (before - start),
                longest / 1e6,
                (processorNanos() - processorNanos) / 1e6 / tokens);
    }

    private static long processorNanos() {
        return ProcessHandle.current().info().totalCpuDuration().orElseThrow().toNanos();
    }
}
