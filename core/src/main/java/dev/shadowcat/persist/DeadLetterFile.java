package dev.shadowcat.persist;

import dev.shadowcat.event.Event;
import dev.shadowcat.store.StoreWrite;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Base64;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Dead letters as JSON lines in one file, bounded: beyond the bound they are logged only. Messages and upstream ids are base64,
 * whatever is in them.
 */
public final class DeadLetterFile implements DeadLetters {
    private static final Logger log = LoggerFactory.getLogger(DeadLetterFile.class);

    private final Path file;
    private final long maxBytes;

    public DeadLetterFile(Path file, long maxBytes) {
        this.file = file;
        this.maxBytes = maxBytes;
    }

    @Override
    public void keep(StoreWrite write, String reason) {
        log.error(
                "The store refused {} of session {} for good: {}",
                write.getClass().getSimpleName(),
                write.session().shortened(),
                reason);
        try {
            if (Files.exists(file) && Files.size(file) >= maxBytes) {
                log.error("{} has reached {} bytes: this dead letter is not kept", file, maxBytes);
                return;
            }
            Files.writeString(
                    file,
                    (lastIsCutOff() ? "\n" : "") + line(write, reason),
                    StandardCharsets.UTF_8,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException cannotKeep) {
            log.error("Cannot write the dead letter to {}: {}", file, cannotKeep.toString());
        }
    }

    /** Whether a full disk left a line without its end: the next one would be lost with it. */
    private boolean lastIsCutOff() throws IOException {
        if (!Files.exists(file) || Files.size(file) == 0) {
            return false;
        }
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            ByteBuffer last = ByteBuffer.allocate(1);
            channel.position(channel.size() - 1).read(last);
            return last.get(0) != '\n';
        }
    }

    private static String line(StoreWrite write, String reason) {
        StringBuilder json = new StringBuilder(256)
                .append("{\"time\":\"")
                .append(Instant.now())
                .append("\",\"kind\":\"")
                .append(write.getClass().getSimpleName())
                .append("\",\"session\":\"")
                .append(write.session())
                .append('"');
        if (write instanceof StoreWrite.AppendEvent append) {
            event(append, json);
        }
        String safe = reason.replaceAll("[\\p{Cntrl}\"\\\\]", " ");
        return json.append(",\"reason\":\"").append(safe).append("\"}\n").toString();
    }

    /** All of it, so that it can be put back. */
    private static void event(StoreWrite.AppendEvent append, StringBuilder json) {
        Event event = append.event();
        json.append(",\"stream\":")
                .append(append.stream())
                .append(",\"sequence\":")
                .append(event.sequence())
                .append(",\"storedAt\":")
                .append(event.storedAtMillis())
                .append(",\"generation\":")
                .append(event.generation())
                .append(",\"answer\":")
                .append(event.answer());
        if (event.upstreamId() != null) {
            json.append(",\"upstreamId\":\"").append(base64(event.upstreamId())).append('"');
        }
        json.append(",\"message\":\"")
                .append(Base64.getEncoder().encodeToString(event.message()))
                .append('"');
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}
