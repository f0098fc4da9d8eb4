package dev.shadowcat.gateway.relay;

import dev.shadowcat.session.SessionLoop;
import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** The bytes of all half-received upstream events together: above the bound the largest of them fails. Any thread. */
final class UndecodedBytes {
    private final long max;
    private final AtomicLong total = new AtomicLong();
    private final Set<Share> held = ConcurrentHashMap.newKeySet();

    UndecodedBytes(long max) {
        this.max = max;
    }

    long total() {
        return total.get();
    }

    /** A connection begins to hold bytes; {@code tooMuch} runs on its loop where it has to give them up. */
    Share share(SessionLoop loop, Runnable tooMuch) {
        Share share = new Share(loop, tooMuch);
        held.add(share);
        return share;
    }

    private void failLargest() {
        held.stream().max(Comparator.comparingInt(share -> share.bytes)).ifPresent(Share::fail);
    }

    /** What one connection holds of an event that is not whole yet. */
    final class Share {
        private final SessionLoop loop;
        private final Runnable tooMuch;
        private volatile int bytes; // written under this share's lock
        private boolean over; // guarded by this

        private Share(SessionLoop loop, Runnable tooMuch) {
            this.loop = loop;
            this.tooMuch = tooMuch;
        }

        /** Says how much it holds now. Its loop. */
        void holds(int now) {
            synchronized (this) {
                if (over) {
                    return;
                }
                total.addAndGet(now - bytes);
                bytes = now;
            }
            if (total.get() > max) {
                failLargest();
            }
        }

        /** It holds nothing, and will not again. */
        void release() {
            giveBack();
        }

        private boolean giveBack() {
            synchronized (this) {
                if (over) {
                    return false;
                }
                over = true;
                total.addAndGet(-bytes);
            }
            held.remove(this);
            return true;
        }

        private void fail() {
            if (giveBack()) {
                loop.run(tooMuch);
            }
        }
    }
}
