package dev.shadowcat.persist;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Puts one gap in the place of all the events of a stream that were sent on without being stored. */
final class Gaps {
    private final Set<PendingWrite> sent;

    /** @param sent by identity: what may be let go, answers excepted */
    Gaps(Set<PendingWrite> sent) {
        this.sent = sent;
    }

    private record Stream(SessionId session, int number) {}

    /** What is left of some writes, in their order; a gap stands where the last one of its events stood. */
    List<PendingWrite> collapse(Collection<PendingWrite> writes) {
        Set<Stream> gaps = new HashSet<>();
        List<PendingWrite> rest = new ArrayList<>(writes.size());
        for (PendingWrite pending : List.copyOf(writes).reversed()) { // from the last, which has the number of the gap
            if (!(pending.write() instanceof AppendEvent append)) {
                rest.add(pending);
                continue;
            }
            Stream stream = new Stream(append.session(), append.stream());
            if (append.event().answer() || !(append.event().gap() || sent.contains(pending))) {
                gaps.remove(stream); // what stands before it is a gap of its own
                rest.add(pending);
            } else if (gaps.add(stream)) {
                rest.add(gapInPlaceOf(pending, append));
            }
        }
        Collections.reverse(rest);
        return rest;
    }

    private static PendingWrite gapInPlaceOf(PendingWrite pending, AppendEvent append) {
        AppendEvent gap = new AppendEvent(append.session(), append.stream(), Event.gapThrough(append.event()));
        return new PendingWrite(gap, pending.lane(), pending.completion(), pending.offeredNanos());
    }
}
