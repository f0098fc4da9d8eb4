package dev.shadowcat.store.redis;

import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.Partition;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StoreWrite;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisException;
import java.time.Duration;
import java.util.List;

/** What Redis's errors mean to those who use the store. */
final class Failures {
    private static final Duration SOON = Duration.ofMillis(100);

    /** What a refusal begins with that lasts until somebody changes an ACL. */
    static final String NO_PERMISSION = "NOPERM";

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
        return isSilence(failure)
                ? new StoreException(
                        told.getMessage()
                                + "; see whether it hangs or is busy (redis-cli PING, SLOWLOG GET), and start again",
                        failure)
                : told;
    }

    private static boolean isSilence(Throwable failure) {
        return cause(failure) instanceof RedisCommandTimeoutException;
    }

    /** In one line, of the cause that a user can do something about. */
    static String reason(Throwable failure) {
        Throwable told = cause(failure);
        String message = told.getMessage();
        return message == null || message.isBlank()
                ? told.getClass().getSimpleName()
                : message.lines().findFirst().orElse(message);
    }

    private static Throwable cause(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof RedisConnectionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }
}
