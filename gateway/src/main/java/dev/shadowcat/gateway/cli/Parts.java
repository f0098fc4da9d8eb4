package dev.shadowcat.gateway.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/** What was opened while something is put together, to let go of it when that fails half-way. */
final class Parts {
    private final Deque<Runnable> releases = new ArrayDeque<>();

    <T> T own(T part, Consumer<T> release) {
        releases.push(() -> release.accept(part));
        return part;
    }

    /** Lets go of the newest first. */
    void release() {
        releases.forEach(Runnable::run);
        releases.clear();
    }
}
