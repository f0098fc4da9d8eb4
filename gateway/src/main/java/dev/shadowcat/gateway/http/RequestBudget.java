package dev.shadowcat.gateway.http;

import java.util.concurrent.atomic.AtomicLong;

/** The bytes that the bodies of all requests in flight may take together. */
final class RequestBudget {
    private final long capacity;
    private final AtomicLong taken = new AtomicLong();

    RequestBudget(long capacity) {
        this.capacity = capacity;
    }

    boolean take(int bytes) {
        if (taken.addAndGet(bytes) <= capacity) {
            return true;
        }
        taken.addAndGet(-bytes);
        return false;
    }

    void giveBack(int bytes) {
        taken.addAndGet(-bytes);
    }

    long taken() {
        return taken.get();
    }
}
