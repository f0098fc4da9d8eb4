package dev.shadowcat.gateway.relay;

import dev.shadowcat.gateway.http.Exchange;
import dev.shadowcat.gateway.upstream.UpstreamCall;
import dev.shadowcat.gateway.upstream.UpstreamFailure;
import dev.shadowcat.gateway.upstream.UpstreamListener;
import dev.shadowcat.gateway.upstream.UpstreamRequest;
import dev.shadowcat.gateway.upstream.UpstreamRequest.Reuse;
import dev.shadowcat.mcp.McpErrors;
import dev.shadowcat.observe.ErrorType;
import dev.shadowcat.session.SessionLoop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.util.List;
import java.util.regex.Matcher;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * OAuth metadata of an upstream under /.well-known/: passed on, with {@code resource} naming the gateway where its public URL
 * is known, since clients take no other (RFC 9728, section 3.3).
 */
final class MetadataRelay implements UpstreamListener {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int MAX_BYTES = 1 << 20;
    private static final String MCP = "/mcp";

    private final Relay relay;
    private final Exchange exchange;
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private String name = "";
    private int status;
    private HttpHeaders headers = Answers.headers();
    private @Nullable UpstreamCall call;
    private SessionLoop.@Nullable Timer timer;
    private boolean over;

    MetadataRelay(Relay relay, Exchange exchange) {
        this.relay = relay;
        this.exchange = exchange;
    }

    void start() {
        String path = exchange.path();
        int slash = path.indexOf('/', "/.well-known/".length());
        String document = slash < 0 ? path : path.substring(0, slash);
        String rest = slash < 0 ? "" : path.substring(slash);
        name = rest.startsWith(MCP + "/") ? rest.substring(MCP.length() + 1) : "";
        Upstream target = relay.upstream(name);
        if (target == null) {
            Answers.error(exchange, 404, McpErrors.INVALID_REQUEST, "There is nothing at this path");
            return;
        }
        String upstreamPath = rest.startsWith(MCP) ? document + target.target() : path;
        timer = relay.loop(exchange.loop())
                .after(target.settings().answerTimeout().toMillis(), this::tooLate);
        call = target.client()
                .send(
                        exchange.loop(),
                        new UpstreamRequest(
                                exchange.method(),
                                upstreamPath + exchange.query(),
                                ForwardedHeaders.request(
                                        exchange.headers(), target.settings().headers()),
                                Unpooled.EMPTY_BUFFER,
                                Reuse.RECENT,
                                false),
                        this);
    }

    private void tooLate() {
        leave();
        if (call != null) {
            call.close(ErrorType.TIMEOUT);
        }
        String reason = "The MCP server did not end its answer within answer-timeout.";
        Answers.error(exchange, 504, McpErrors.SERVER_ERROR, reason);
    }

    private void leave() {
        over = true;
        if (timer != null) {
            timer.cancel();
        }
    }

    @Override
    public void head(int answered, HttpHeaders received) {
        status = answered;
        headers = received.copy();
    }

    @Override
    public void data(ByteBuf bytes) {
        byte[] part = new byte[Math.min(bytes.readableBytes(), MAX_BYTES - body.size())];
        bytes.getBytes(bytes.readerIndex(), part);
        body.writeBytes(part);
    }

    @Override
    public void end() {
        if (over) {
            return;
        }
        leave();
        exchange.respond(status, ForwardedHeaders.response(headers), Unpooled.wrappedBuffer(rewritten()));
    }

    private byte[] rewritten() {
        URI publicUrl = relay.settings().access().publicUrl();
        byte[] answer = body.toByteArray();
        if (publicUrl == null || status != 200) {
            return answer;
        }
        try {
            JsonNode document = JSON.readTree(answer);
            if (document instanceof ObjectNode object && object.has("resource")) {
                object.put("resource", endpoint(publicUrl, name));
                return JSON.writeValueAsBytes(object);
            }
        } catch (JacksonException notJson) {
            return answer;
        }
        return answer;
    }

    /** The URL of an MCP endpoint of the gateway, as clients know it. */
    static String endpoint(URI publicUrl, String name) {
        String base = publicUrl.toString();
        String slashless = base.endsWith("/") ? base.substring(0, base.length() - 1) : base;
        String root = slashless.endsWith(MCP) ? slashless : slashless + MCP;
        return name.isEmpty() ? root : root + "/" + name;
    }

    /** A challenge with the metadata's address at the gateway in place of the upstream's. */
    static void rewriteChallenge(HttpHeaders headers, @Nullable URI publicUrl, String name) {
        List<String> challenges = headers.getAll(HttpHeaderNames.WWW_AUTHENTICATE);
        if (publicUrl == null || challenges.isEmpty()) {
            return;
        }
        String path = name.isEmpty() ? MCP : MCP + "/" + name;
        String origin = publicUrl.getScheme() + "://" + publicUrl.getRawAuthority();
        String metadata = origin + "/.well-known/oauth-protected-resource" + path;
        String named = Matcher.quoteReplacement("resource_metadata=\"" + metadata + "\"");
        headers.set(
                HttpHeaderNames.WWW_AUTHENTICATE,
                challenges.stream()
                        .map(challenge -> challenge.replaceAll("resource_metadata=\"[^\"]*\"", named))
                        .toList());
    }

    @Override
    public void failed(UpstreamFailure failure) {
        if (over) {
            return;
        }
        leave();
        Answers.error(exchange, 502, McpErrors.SERVER_ERROR, "The MCP server gave no answer: " + failure.reason());
    }
}
