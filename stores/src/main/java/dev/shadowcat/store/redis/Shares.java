package dev.shadowcat.store.redis;

import dev.shadowcat.event.SessionId;
import dev.shadowcat.store.StoreWrite;
import dev.shadowcat.store.StreamRecord.Phase;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** A batch, session by session. */
final class Shares {
    private final Map<SessionId, Share> shares = new LinkedHashMap<>();

    Shares(List<StoreWrite> batch) {
        for (StoreWrite write : batch) {
            Share share = shares.computeIfAbsent(write.session(), _ -> new Share());
            share.writes.add(write);
            note(write, share);
        }
    }

    /** One session's part of the batch. */
    static final class Share {
        final List<StoreWrite> writes = new ArrayList<>();
        boolean begins;
        boolean opens;
        boolean ends;
        boolean removes; // the session, or a stream of it
    }

    Map<SessionId, Share> bySession() {
        return shares;
    }

    /** Sessions that may not have been there before. */
    List<SessionId> begun() {
        return sessions(share -> share.begins);
    }

    /** Sessions with a stream that is open now. */
    List<SessionId> opened() {
        return sessions(share -> share.opens);
    }

    /** Sessions that are gone once the batch is stored. */
    List<SessionId> ended() {
        return sessions(share -> share.ends);
    }

    private List<SessionId> sessions(Predicate<Share> such) {
        List<SessionId> found = new ArrayList<>(0);
        shares.forEach((id, share) -> {
            if (such.test(share)) {
                found.add(id);
            }
        });
        return found;
    }

    private static void note(StoreWrite write, Share share) {
        switch (write) {
            case StoreWrite.PutSession _ -> {
                share.begins = true;
                share.ends = false;
            }
            case StoreWrite.DeleteSession _ -> {
                share.ends = true;
                share.removes = true;
            }
            case StoreWrite.DeleteStream _ -> share.removes = true;
            case StoreWrite.PutStream put -> share.opens |= put.record().phase() == Phase.OPEN;
            case StoreWrite.PutSessionState _,
                    StoreWrite.TouchSession _,
                    StoreWrite.AppendEvent _,
                    StoreWrite.MoveUpstreamCursor _,
                    StoreWrite.TrimStream _ -> {}
        }
    }
}
