package dev.shadowcat.benchmarks;

import io.netty.channel.ChannelHandlerContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The sessions of the upstream and those with an open standalone stream. On the upstream's event loop. */
final class UpstreamSessions {
    private final Map<String, UpstreamSession> sessions = new HashMap<>();
    private final List<UpstreamSession> streaming = new ArrayList<>();

    UpstreamSession mint() {
        UpstreamSession session = new UpstreamSession(UUID.randomUUID().toString());
        sessions.put(session.id, session);
        return session;
    }

    @Nullable
    UpstreamSession find(@Nullable String id) {
        return id == null ? null : sessions.get(id);
    }

    void open(UpstreamSession session, ChannelHandlerContext stream) {
        ChannelHandlerContext before = session.stream;
        session.stream = stream;
        if (before == null) {
            streaming.add(session);
            return;
        }
        var _ = before.close();
    }

    void closed(UpstreamSession session, ChannelHandlerContext stream) {
        if (stream.equals(session.stream)) {
            session.stream = null;
            streaming.remove(session);
        }
    }

    void delete(UpstreamSession session) {
        sessions.remove(session.id);
        ChannelHandlerContext stream = session.stream;
        if (stream != null) {
            closed(session, stream);
            var _ = stream.close();
        }
    }

    int size() {
        return sessions.size();
    }

    /** Sessions with an open standalone stream, in no lasting order. */
    List<UpstreamSession> streaming() {
        return streaming;
    }
}
