package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.telemetry.ClientOperation;
import dev.shadowcat.gateway.telemetry.Work;
import dev.shadowcat.mcp.McpMethod;
import dev.shadowcat.mcp.Messages;
import dev.shadowcat.mcp.RequestId;
import dev.shadowcat.persist.Completion;
import dev.shadowcat.store.CredentialBinding;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Decides whose a session is: known credentials pass, another user's never do, new ones pass if the upstream takes them and
 * would not take none at all. The session's loop only.
 */
final class CredentialGate {
    private static final int MAX_HASHES = 8;
    private static final long PING_MILLIS = 10_000;

    private final RelaySession session;
    private @Nullable Map<String, List<Consumer<Verdict>>> asking; // null while nobody waits

    CredentialGate(RelaySession session) {
        this.session = session;
    }

    /** What became of a check. */
    sealed interface Verdict {
        /** The client may use the session. */
        record Passed() implements Verdict {}

        /** To this client there is no such session. */
        record Foreign() implements Verdict {}

        /** The upstream refused the credentials; its own answer says how to do better. */
        record Refused(Reply reply) implements Verdict {}

        /** The upstream cannot be asked now. */
        record Unknown(String reason) implements Verdict {}
    }

    /** Tells whether the client with these headers may use a session: at once, unless the upstream has to be asked. */
    static void check(RelaySession session, Upstream target, HttpHeaders headers, Consumer<Verdict> then) {
        String hash = session.relay().hasher().hash(headers, target.settings().credentialHeaders());
        CredentialBinding binding = session.state().credentials();
        if (known(binding, hash)) {
            then.accept(new Verdict.Passed());
            return;
        }
        String principal = session.relay().hasher().principal(headers);
        if (!binding.principal().isEmpty() && !principal.isEmpty() && !principal.equals(binding.principal())) {
            then.accept(new Verdict.Foreign());
            return;
        }
        session.gate().ask(target, headers, hash, principal, then);
    }

    private static boolean known(CredentialBinding binding, String hash) {
        return binding.hashes().isEmpty() ? hash.isEmpty() : binding.hashes().contains(hash);
    }

    private void ask(Upstream target, HttpHeaders headers, String hash, String principal, Consumer<Verdict> then) {
        if (asking == null) {
            asking = new HashMap<>(2);
        }
        List<Consumer<Verdict>> waiting = asking.computeIfAbsent(hash, key -> new ArrayList<>(1));
        waiting.add(then);
        if (waiting.size() == 1) {
            askWith(target, headers, hash, principal);
        }
    }

    private void askWith(Upstream target, HttpHeaders headers, String hash, String principal) {
        ping(target, headers, withThem -> {
            if (withThem.failure() != null) {
                answer(hash, new Verdict.Unknown(withThem.failure().reason()));
                return;
            }
            if (withThem.status() == 401 || withThem.status() == 403) {
                answer(hash, new Verdict.Refused(withThem));
                return;
            }
            if (hash.isEmpty() || !withThem.ok()) {
                answer(hash, new Verdict.Foreign());
                return;
            }
            askWithout(target, headers, hash, principal);
        });
    }

    /** An upstream that takes anyone proves nothing by taking these. */
    private void askWithout(Upstream target, HttpHeaders headers, String hash, String principal) {
        HttpHeaders bare = headers.copy();
        target.settings().credentialHeaders().forEach(bare::remove);
        ping(target, bare, without -> {
            boolean boundBefore = !session.state().credentials().hashes().isEmpty();
            if (without.failure() != null) {
                answer(hash, new Verdict.Unknown(without.failure().reason()));
                return;
            }
            if (without.ok() && boundBefore) {
                answer(hash, new Verdict.Foreign());
                return;
            }
            bind(hash, principal);
            answer(hash, new Verdict.Passed());
        });
    }

    private void ping(Upstream target, HttpHeaders headers, Consumer<Reply> then) {
        HttpHeaders addressed = session.addressedWithoutMemory(session.headers(target, headers));
        Pings.prepare(addressed);
        byte[] ping = Messages.ping(RequestId.ofText("shadowcat-ping"));
        ClientOperation operation =
                session.relay().operations().send(target.peer(), McpMethod.PING, session.protocolVersion(), Work.NONE);
        MessageExchange.send(target, session.nettyLoop(), addressed, ping, operation, 0, PING_MILLIS, then);
    }

    private void bind(String hash, String principal) {
        session.change(
                now -> {
                    List<String> hashes = new ArrayList<>(now.credentials().hashes());
                    hashes.add(hash);
                    if (hashes.size() > MAX_HASHES) {
                        hashes.removeFirst();
                    }
                    String owner = now.credentials().principal().isEmpty()
                            ? principal
                            : now.credentials().principal();
                    return now.withCredentials(new CredentialBinding(hashes, owner));
                },
                Completion.NOBODY);
    }

    private void answer(String hash, Verdict verdict) {
        List<Consumer<Verdict>> waiting = asking == null ? null : asking.remove(hash);
        if (asking != null && asking.isEmpty()) {
            asking = null;
        }
        if (waiting != null) {
            waiting.forEach(each -> each.accept(verdict));
        }
    }
}
