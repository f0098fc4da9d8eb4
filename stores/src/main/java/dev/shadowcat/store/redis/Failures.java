package dev.shadowcat.store.redis;

import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.Partition;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisLoadingException;
import io.lettuce.core.protocol.RedisProtocolException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What Redis's errors mean to those who use the store. */
final class Failures {
    private static final Logger log = LoggerFactory.getLogger(Failures.class);
    private static final Duration SOON = Duration.ofMillis(100);

    /** What a refusal begins with that lasts until somebody changes an ACL. */
    static final String NO_PERMISSION = "NOPERM";

    private static final String CLUSTER_DOWN = "CLUSTERDOWN";

    private static final String WHERE = "see which host and port the store's URL names";

    /** What answers a start, or has taken the place of the Redis that a node runs with. */
    static final String FOREIGN = "what answers is not a Redis; " + WHERE;

    /** What the driver says. */
    private static final String HUNG_UP = "Connection closed prematurely";

    private static final String NO_TLS = "not an SSL/TLS record";

    private Failures() {}

    /**
     * Only what a write itself is to blame for is refused. Everything else may pass: a server without memory is given some, a
     * replica becomes a master, a timeout leaves open what became of the write.
     *
     * @param writes those that were sent
     */
    static AppendOutcome outcome(RedisException failure, Partition part, List<StoreWrite> writes) {
        String reason = reason(failure);
        return failure instanceof RedisCommandExecutionException && reason.contains("WRONGTYPE")
                ? new AppendOutcome.Refused("a key of the store is somebody else's: " + reason, writes)
                : new AppendOutcome.Busy(SOON, reason, part);
    }

    static StoreException reading(String name, RedisException failure) {
        String reason = reason(failure);
        boolean login = reason.startsWith("NOAUTH") || reason.startsWith("WRONGPASS");
        String told = login
                ? " refuses the login: " + reason + "; the password is taken from the URL or REDISCLI_AUTH"
                : reason.startsWith(NO_PERMISSION)
                        ? " does not allow its user what a gateway does: " + reason
                                + "; docs/operating.md has the rules that it needs"
                        : " cannot be asked: " + reason;
        return new StoreException(name + told, failure);
    }

    /** As {@link #reading}, for whoever starts and has to do something about it. */
    static StoreException opening(String name, RedisException failure) {
        StoreException told = reading(name, failure);
        if (isLoading(failure)) {
            return new StoreException(
                    name + " still reads its data set, as it does after each start: wait until it has"
                            + " (redis-cli INFO persistence says loading:0), and start again",
                    failure);
        }
        if (isDown(failure)) {
            return new StoreException(
                    told.getMessage()
                            + "; see which of its servers are missing (redis-cli CLUSTER NODES), and start again",
                    failure);
        }
        if (isHungUp(cause(failure))) {
            return new StoreException(
                    told.getMessage()
                            + "; see whether it is a Redis, and whether it wants TLS (rediss://) or takes none (redis://)",
                    failure);
        }
        return isSilence(failure)
                ? new StoreException(
                        told.getMessage()
                                + "; see whether it hangs or is busy (redis-cli PING, SLOWLOG GET), and start again",
                        failure)
                : told;
    }

    /** Whether it is there, and says itself that it will do what is asked later. */
    static boolean isUnready(RedisException failure) {
        return isLoading(failure) || isDown(failure);
    }

    private static boolean isLoading(RedisException failure) {
        return cause(failure) instanceof RedisLoadingException;
    }

    private static boolean isDown(RedisException failure) {
        return cause(failure) instanceof RedisCommandExecutionException
                && reason(failure).startsWith(CLUSTER_DOWN);
    }

    private static boolean isSilence(Throwable failure) {
        return cause(failure) instanceof RedisCommandTimeoutException;
    }

    /** In one line, of the cause that a user can do something about. */
    static String reason(Throwable failure) {
        Throwable told = cause(failure);
        if (isForeign(told)) {
            log.debug("What was taken for a Redis answered what no Redis does", failure);
            return FOREIGN;
        }
        if (told instanceof SSLException && String.valueOf(told.getMessage()).startsWith(NO_TLS)) {
            return "what answers speaks no TLS, which rediss:// asks for; " + WHERE;
        }
        if (isHungUp(told)) {
            return "it closed the connection without an answer";
        }
        String message = told.getMessage();
        return message == null || message.isBlank()
                ? told.getClass().getSimpleName()
                : message.lines().findFirst().orElse(message);
    }

    /** Reading what is no answer of a Redis, the driver stumbles anywhere, and says what tells people nothing. */
    private static boolean isForeign(Throwable cause) {
        return cause instanceof RedisProtocolException
                || cause instanceof IndexOutOfBoundsException
                || cause instanceof IllegalArgumentException
                || cause instanceof UnsupportedOperationException
                || cause instanceof ClassCastException
                || cause instanceof NullPointerException;
    }

    private static boolean isHungUp(Throwable cause) {
        return cause instanceof ClosedChannelException
                || String.valueOf(cause.getMessage()).equals(HUNG_UP);
    }

    private static Throwable cause(Throwable failure) {
        Throwable cause = failure;
        for (Throwable next = failure; next != null; next = nearer(cause)) {
            cause = next;
        }
        return cause;
    }

    /** What is behind a failure that only says where it came to; null where it says itself what is wrong. */
    private static @Nullable Throwable nearer(Throwable failure) {
        Throwable cause = failure.getCause();
        boolean wraps = failure instanceof RedisException
                && cause != null
                && cause.toString().equals(failure.getMessage());
        if (cause != null && (wraps || failure instanceof RedisConnectionException)) {
            return cause;
        }
        // Where none of a cluster's servers says which there are: what each of them says instead.
        List<Throwable> said = failure instanceof RedisException
                ? Stream.of(failure.getSuppressed()).map(Failures::cause).toList()
                : List.of();
        return said.stream()
                .filter(RedisLoadingException.class::isInstance)
                .findFirst()
                .orElse(said.isEmpty() ? null : said.getFirst());
    }
}
