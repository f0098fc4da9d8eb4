package dev.shadowcat.store.rocksdb;

import dev.shadowcat.store.AppendOutcome;
import dev.shadowcat.store.StoreException;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

/** What RocksDB's errors mean to those who use the store. */
final class Failures {
    private static final Duration SOON = Duration.ofMillis(100);
    private static final Duration LATER = Duration.ofSeconds(1);

    private Failures() {}

    /** Only what the batch itself is to blame for is refused; everything else may pass once the disk is well again. */
    static AppendOutcome outcome(RocksDBException failure) {
        return switch (code(failure)) {
            case InvalidArgument, NotSupported -> new AppendOutcome.Refused(reason(failure));
            case Busy, TryAgain, TimedOut, Aborted, Incomplete, MergeInProgress ->
                new AppendOutcome.Busy(SOON, reason(failure));
            case Ok, NotFound, Corruption, IOError, ShutdownInProgress, Expired, Undefined ->
                new AppendOutcome.Busy(LATER, isDiskFull(failure) ? "the disk is full" : reason(failure));
        };
    }

    /** Whether RocksDB takes no more writes until it is opened anew: it stops at the first write that failed half way. */
    static boolean stopsWrites(RocksDBException failure) {
        return switch (code(failure)) {
            case Corruption, IOError, ShutdownInProgress, Undefined -> true;
            case Ok,
                    NotFound,
                    NotSupported,
                    InvalidArgument,
                    MergeInProgress,
                    Incomplete,
                    TimedOut,
                    Aborted,
                    Busy,
                    Expired,
                    TryAgain -> false;
        };
    }

    static boolean isDiskFull(RocksDBException failure) {
        Status status = failure.getStatus();
        return status != null && status.getSubCode() == Status.SubCode.NoSpace;
    }

    static boolean isCorruption(RocksDBException failure) {
        return code(failure) == Status.Code.Corruption;
    }

    static StoreException opening(StoreFolder folder, StoreFolder.Mark mark, RocksDBException failure) {
        if (reason(failure).contains(folder.rocks().resolve("LOCK").toString())) {
            String holder = mark.process().isEmpty() ? "" : " (pid " + mark.process() + ")";
            return new StoreException(folder.user() + " is in use by another gateway" + holder, failure);
        }
        if (isDiskFull(failure)) {
            return new StoreException("the disk of " + folder.user() + " is full", failure);
        }
        if (isDamage(failure)) {
            return damaged(folder, reason(failure), failure);
        }
        return new StoreException("the store in " + folder.user() + " cannot be opened: " + reason(failure), failure);
    }

    /** A store that is not to be opened as it is, and what to do about it. */
    static StoreException damaged(StoreFolder folder, String reason, @Nullable Throwable cause) {
        return new StoreException(
                "the store in " + folder.user() + " is damaged; nothing was changed: " + reason
                        + ". Restore the folder from a copy, or name another one (--data)",
                cause);
    }

    static StoreException reading(Path folder, RocksDBException failure) {
        String damaged = isCorruption(failure) ? " is damaged: " : " cannot be read: ";
        return new StoreException("the store in " + folder + damaged + reason(failure), failure);
    }

    /** RocksDB says InvalidArgument of a damaged list of files, and IOError of a file that is not there. */
    private static boolean isDamage(RocksDBException failure) {
        return isCorruption(failure)
                || code(failure) == Status.Code.InvalidArgument
                || reason(failure).contains("No such file");
    }

    private static Status.Code code(RocksDBException failure) {
        Status status = failure.getStatus();
        return status == null ? Status.Code.Undefined : status.getCode();
    }

    private static String reason(RocksDBException failure) {
        @Nullable String message = failure.getMessage();
        return message == null ? failure.toString() : message.replace('\n', ' ');
    }
}
