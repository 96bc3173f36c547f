package mobilellm.http;

import mobilellm.file.Printable;

import org.jspecify.annotations.Nullable;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// The bytes of an answer as they arrive, for a reader that waits only so long. The client's own streams wait for ever.
public final class Body implements Flow.Subscriber<List<ByteBuffer>>, AutoCloseable {
    private sealed interface Signal {}

    private record Bytes(List<ByteBuffer> buffers) implements Signal {}

    private record End() implements Signal {}

    private record Broken(Throwable cause) implements Signal {}

    private final URI from;
    private final BlockingQueue<Signal> signals = new LinkedBlockingQueue<>();
    private volatile Flow.@Nullable Subscription subscription;

    private Body(URI from) {
        this.from = from;
    }

    static Body of(URI from, Flow.Publisher<List<ByteBuffer>> publisher) {
        Body body = new Body(from);
        publisher.subscribe(body);
        return body;
    }

    /// The next bytes; an empty list at the end.
    ///
    /// @throws TryAgain if the connection broke, or nothing came in time
    public List<ByteBuffer> next(Duration patience) throws TryAgain, InterruptedException {
        Flow.Subscription present = subscription;
        if (present != null) {
            present.request(1);
        }
        return switch (signals.poll(patience.toNanos(), TimeUnit.NANOSECONDS)) {
            case Bytes(List<ByteBuffer> buffers) -> buffers;
            case End() -> List.of();
            case Broken(Throwable cause) ->
                    throw new TryAgain(
                            "the connection to "
                                    + from.getHost()
                                    + " broke: "
                                    + Printable.line(cause.getMessage() + ""),
                            cause);
            case null ->
                    throw new TryAgain(
                            from.getHost() + " fell silent for " + patience.toSeconds() + " s",
                            Optional.empty());
        };
    }

    /// All bytes; empty if there are more than are accepted.
    ///
    /// @param most how many are accepted
    /// @param patience how long the sender may stay silent
    /// @param whole how long all of it may take
    /// @throws TryAgain if the connection broke, or it did not come in time
    public Optional<byte[]> all(int most, Duration patience, Duration whole)
            throws IOException, InterruptedException {
        long start = System.nanoTime();
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        WritableByteChannel channel = Channels.newChannel(content);
        for (List<ByteBuffer> next = next(patience); !next.isEmpty(); next = next(patience)) {
            for (ByteBuffer buffer : next) {
                channel.write(buffer);
            }
            if (content.size() > most) {
                return Optional.empty();
            }
            if (System.nanoTime() - start > whole.toNanos()) {
                throw new TryAgain(
                        from.getHost() + " was not done within " + whole.toSeconds() + " s",
                        Optional.empty());
            }
        }
        return Optional.of(content.toByteArray());
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        subscription = given;
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        signals.add(new Bytes(buffers));
    }

    @Override
    public void onError(Throwable cause) {
        signals.add(new Broken(cause));
    }

    @Override
    public void onComplete() {
        signals.add(new End());
    }

    /// Gives up what has not been read.
    @Override
    public void close() {
        Flow.Subscription present = subscription;
        if (present != null) {
            present.cancel();
        }
    }
}
