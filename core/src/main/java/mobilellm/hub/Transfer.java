package mobilellm.hub;

import mobilellm.http.Address;
import mobilellm.http.Retries;
import mobilellm.http.TryAgain;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One file over HTTP, continued where it broke off: in this run or in an earlier one.
///
/// Bytes are appended to a partial file only if the sender has shown that they continue the same content: by the checksum that the hub
/// names for it, else by a strong entity tag (RFC 9110, sections 8.8.3 and 13.1.5). Otherwise the file starts again at its first byte.
final class Transfer {
    /// An attempt that comes less far than this beyond all earlier ones does not count as progress. So neither a sender of single
    /// bytes nor one that always begins anew can keep us for ever.
    private static final long PROGRESS = 64 << 10;

    private static final Pattern CONTENT_RANGE =
            Pattern.compile("bytes (\\d{1,18})-\\d{1,18}/(\\d{1,18}|\\*)");

    private final HubClient client;
    private final HubOptions options;
    private final Retries retries;
    private final ProgressListener listener;
    private final ModelSource.HubFile source;
    private final URI address;
    private final Partial partial;
    private boolean received;
    private long furthest;

    /// @param folder where the partial file lies
    Transfer(
            HubClient client,
            Retries retries,
            ProgressListener listener,
            ModelSource.HubFile source,
            Path folder) {
        this.client = client;
        this.options = client.options();
        this.retries = retries;
        this.listener = listener;
        this.source = source;
        this.address = client.addresses().file(source);
        this.partial = new Partial(folder, address);
    }

    /// The complete file.
    Fetched run() throws IOException, InterruptedException {
        Optional<Fetched> fetched = Optional.empty();
        while (fetched.isEmpty()) {
            fetched = retries.run(this::attempt);
        }
        return fetched.get();
    }

    /// @return empty if the partial file proved useless and was deleted: ask again for the whole
    private Optional<Fetched> attempt() throws IOException, InterruptedException {
        long have = partial.bytes();
        furthest = Math.max(furthest, have);
        try (HubClient.Answer answer = client.get(address, rangeHeaders(have))) {
            Optional<String> content = content(answer);
            if (answer.status() == 200) {
                partial.clear();
                receive(answer, content, 0, HubClient.number(answer.headers(), "Content-Length"));
                return Optional.of(fetched(answer));
            }
            if (have == 0) {
                throw new HubException(
                        Address.shown(answer.from())
                                + " answered "
                                + answer.status()
                                + ", although the whole file was asked for");
            }
            if (isContinuation(answer, content, have)) {
                if (answer.status() == 206) {
                    receive(answer, content, have, total(answer));
                }
                return Optional.of(fetched(answer));
            }
            partial.clear();
            return Optional.empty();
        } catch (Unreachable e) {
            // The way to the host was open a moment ago; it may open again.
            if (received) {
                throw new TryAgain(Optional.ofNullable(e.getMessage()).orElse("unreachable"), e);
            }
            throw e;
        }
    }

    private Map<String, String> rangeHeaders(long have) throws IOException {
        Map<String, String> headers = new LinkedHashMap<>();
        if (have > 0) {
            headers.put("Range", "bytes=" + have + "-");
            partial.mark()
                    .filter(mark -> mark.startsWith("\""))
                    .ifPresent(tag -> headers.put("If-Range", tag));
        }
        return headers;
    }

    /// What identifies the content of an answer: the checksum that we or the hub know, else a strong entity tag.
    private Optional<String> content(HubClient.Answer answer) {
        return source.sha256()
                .or(answer::sha256)
                .map(sum -> "sha256:" + sum)
                .or(
                        () ->
                                answer.headers()
                                        .firstValue("ETag")
                                        .filter(tag -> tag.matches("\"[!#-~]{1,200}\"")));
    }

    private boolean isContinuation(HubClient.Answer answer, Optional<String> content, long have)
            throws IOException {
        if (content.isEmpty() || !content.equals(partial.mark())) {
            return false;
        }
        String range = answer.headers().firstValue("Content-Range").orElse("");
        if (answer.status() == 416) {
            return range.equals("bytes */" + have);
        }
        Matcher matcher = CONTENT_RANGE.matcher(range);
        return matcher.matches() && Long.parseLong(matcher.group(1)) == have;
    }

    private static OptionalLong total(HubClient.Answer answer) {
        Matcher matcher =
                CONTENT_RANGE.matcher(answer.headers().firstValue("Content-Range").orElse(""));
        return matcher.matches() && !matcher.group(2).equals("*")
                ? OptionalLong.of(Long.parseLong(matcher.group(2)))
                : OptionalLong.empty();
    }

    private void receive(
            HubClient.Answer answer, Optional<String> content, long have, OptionalLong announced)
            throws IOException, InterruptedException {
        OptionalLong total = announced.isPresent() ? announced : answer.bytes();
        checkSizes(answer, total);
        Space.checkFree(
                source.describe(), partial.file().resolveSibling("."), total.orElse(have) - have);
        partial.mark(content);
        long at = have;
        try (FileChannel channel = partial.open()) {
            listener.phase(ProgressListener.Phase.DOWNLOADING, source.describe());
            listener.bytes(at, total);
            for (List<ByteBuffer> next = answer.body().next(options.stallTimeout());
                    !next.isEmpty();
                    next = answer.body().next(options.stallTimeout())) {
                at += partial.append(channel, next);
                received = true;
                if (at > total.orElse(options.maximumBytes())) {
                    throw tooLong(total);
                }
                listener.bytes(at, total);
                if (at >= furthest + PROGRESS) {
                    furthest = at;
                    retries.progressed();
                }
            }
        }
        if (at < total.orElse(at)) {
            throw new TryAgain(
                    answer.from().getHost()
                            + " ended after "
                            + at
                            + " of "
                            + total.getAsLong()
                            + " bytes",
                    Optional.empty());
        }
    }

    private void checkSizes(HubClient.Answer answer, OptionalLong total) throws IOException {
        Space.checkLimit(source.describe(), total.orElse(0), options);
        for (OptionalLong expected : List.of(source.bytes(), answer.bytes())) {
            if (total.isPresent()
                    && expected.isPresent()
                    && total.getAsLong() != expected.getAsLong()) {
                throw new HubException(
                        Address.shown(answer.from())
                                + " has "
                                + total.getAsLong()
                                + " bytes; expected "
                                + expected.getAsLong());
            }
        }
    }

    private HubException tooLong(OptionalLong total) throws IOException {
        partial.clear();
        return new HubException(
                total.isPresent()
                        ? source.describe()
                                + " goes on after the "
                                + total.getAsLong()
                                + " bytes that were announced"
                        : source.describe()
                                + " is longer than the limit of "
                                + Shown.bytes(options.maximumBytes())
                                + "; stopped there");
    }

    private Fetched fetched(HubClient.Answer answer) {
        return new Fetched(partial.file(), source.sha256().or(answer::sha256));
    }
}
