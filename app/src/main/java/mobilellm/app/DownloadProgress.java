package mobilellm.app;

import mobilellm.hub.ProgressListener;

import java.util.Locale;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/// Shows a download: on a terminal one line that changes, elsewhere a line every 10 %.
final class DownloadProgress implements ProgressListener {
    private static final long REDRAW_NANOS = 100_000_000;
    private static final long UNKNOWN = -1;

    private final String name;
    private final Notes notes;
    private final LongSupplier nanoTime;
    private Phase phase = Phase.RESOLVING;
    private long startNanos;
    private long startBytes = UNKNOWN;
    private long drawnNanos;
    private int announcedTenth;

    DownloadProgress(String name, Notes notes, LongSupplier nanoTime) {
        this.name = name;
        this.notes = notes;
        this.nanoTime = nanoTime;
    }

    @Override
    public void phase(Phase next, String subject) {
        phase = next;
        startBytes = UNKNOWN;
        announcedTenth = 0;
        switch (next) {
            case RESOLVING -> notes.detail(name + ": asking " + subject);
            case DOWNLOADING -> notes.note("downloading " + name + " from " + subject);
            case VERIFYING -> notes.detail(name + ": verifying " + subject);
            case DONE -> notes.clearTransientLine();
        }
    }

    @Override
    public void bytes(long done, OptionalLong total) {
        long now = nanoTime.getAsLong();
        if (startBytes == UNKNOWN || done < startBytes) {
            // What an earlier attempt left on the disk says nothing about today's speed.
            startBytes = done;
            startNanos = now;
            drawnNanos = now - REDRAW_NANOS;
        }
        if (notes.isAnimated()) {
            if (now - drawnNanos >= REDRAW_NANOS) {
                drawnNanos = now;
                notes.transientLine(line(done, total, now));
            }
        } else if (phase == Phase.DOWNLOADING && total.isPresent() && total.getAsLong() > 0) {
            announceTenths(done, total.getAsLong(), now);
        }
    }

    @Override
    public void note(String line) {
        notes.note(name + ": " + line);
    }

    private void announceTenths(long done, long total, long now) {
        int tenth = (int) (10.0 * done / total);
        if (tenth > announcedTenth) {
            announcedTenth = tenth;
            notes.note(line(done, OptionalLong.of(total), now));
        }
    }

    /// `smollm2:135m   42 %   41.3 MB of 98.4 MB   12.3 MB/s   5 s left`
    private String line(long done, OptionalLong total, long now) {
        StringBuilder line = new StringBuilder(name);
        if (phase == Phase.VERIFYING) {
            line.append("   verifying");
        }
        if (total.isPresent() && total.getAsLong() > 0) {
            line.append(String.format(Locale.ROOT, "   %3d %%", 100 * done / total.getAsLong()));
            line.append("   ").append(Text.bytes(done));
            line.append(" of ").append(Text.bytes(total.getAsLong()));
        } else {
            line.append("   ").append(Text.bytes(done));
        }
        double seconds = (now - startNanos) / 1e9;
        double rate = seconds > 0.5 ? (done - startBytes) / seconds : 0;
        if (rate > 0) {
            line.append("   ").append(Text.bytes((long) rate)).append("/s");
            total.ifPresent(
                    all ->
                            line.append("   ")
                                    .append(duration((all - done) / rate))
                                    .append(" left"));
        }
        return line.toString();
    }

    private static String duration(double seconds) {
        long whole = Math.max(0, Math.round(seconds));
        if (whole < 60) {
            return whole + " s";
        }
        return whole < 3600
                ? "%d min %02d s".formatted(whole / 60, whole % 60)
                : "%d h %02d min".formatted(whole / 3600, whole / 60 % 60);
    }
}
