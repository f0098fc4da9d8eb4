package dev.shadowcat.persist;

import dev.shadowcat.event.Event;
import dev.shadowcat.store.StoreWrite.AppendEvent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Puts one gap in the place of all the events of a stream that were sent on without being stored. */
final class Gaps {
    private final Set<PendingWrite> sent;
    private int letGo;

    /** @param sent by identity: what may be let go, answers excepted */
    Gaps(Set<PendingWrite> sent) {
        this.sent = sent;
    }

    /** What is left of some writes, in their order; a gap stands where the last one of its events stood. */
    List<PendingWrite> collapse(Collection<PendingWrite> writes) {
        IdentityHashMap<PendingWrite, List<Event>> gaps = gaps(writes);
        List<PendingWrite> rest = new ArrayList<>(writes.size());
        for (PendingWrite pending : writes) {
            List<Event> gap = gaps.get(pending);
            if (gap != null) {
                rest.add(gapInPlaceOf(pending, gap));
            } else if (!(pending.write() instanceof AppendEvent append) || stays(pending, append)) {
                rest.add(pending);
            }
        }
        return rest;
    }

    /** Events that stood for themselves, and for which a gap stands now. */
    int letGo() {
        return letGo;
    }

    private boolean stays(PendingWrite pending, AppendEvent append) {
        return append.event().answer() || !(append.event().gap() || sent.contains(pending));
    }

    /** What each gap stands for, by the last of its events; what stays ends a gap of its stream. */
    private IdentityHashMap<PendingWrite, List<Event>> gaps(Collection<PendingWrite> writes) {
        IdentityHashMap<PendingWrite, List<Event>> gaps = new IdentityHashMap<>();
        Map<StreamKey, PendingWrite> open = new HashMap<>();
        for (PendingWrite pending : writes) {
            if (!(pending.write() instanceof AppendEvent append)) {
                continue;
            }
            StreamKey stream = StreamKey.of(append);
            if (stays(pending, append)) {
                open.remove(stream);
                continue;
            }
            PendingWrite before = open.put(stream, pending);
            List<Event> events = before == null ? new ArrayList<>() : Objects.requireNonNull(gaps.remove(before));
            events.add(append.event());
            letGo += append.event().gap() ? 0 : 1;
            gaps.put(pending, events);
        }
        return gaps;
    }

    private static PendingWrite gapInPlaceOf(PendingWrite last, List<Event> events) {
        AppendEvent gap = new AppendEvent(last.session(), ((AppendEvent) last.write()).stream(), Event.gapOf(events));
        return new PendingWrite(gap, last.lane(), last.completion(), last.offeredNanos());
    }
}
