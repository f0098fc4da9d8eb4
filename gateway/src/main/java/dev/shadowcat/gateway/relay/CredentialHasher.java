package dev.shadowcat.gateway.relay;

import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Turns a client's credentials into keyed hashes: enough to know them again, useless to anyone else. Any thread. */
final class CredentialHasher {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final SecretKeySpec key;

    CredentialHasher(byte[] key) {
        this.key = new SecretKeySpec(key, "HmacSHA256");
    }

    /** The hash of a request's credential headers; {@code ""} where it has none. */
    String hash(HttpHeaders headers, List<String> names) {
        StringBuilder text = null;
        for (String name : names) {
            if (!headers.contains(name)) {
                continue;
            }
            if (text == null) {
                text = new StringBuilder();
            }
            for (String value : headers.getAll(name)) {
                text.append(name).append(':').append(value).append('\n');
            }
        }
        return text == null ? "" : hmac(text.toString());
    }

    /** The hash of a bearer JWT's {@code iss} and {@code sub}; {@code ""} where there is none. Its signature is not checked. */
    String principal(HttpHeaders headers) {
        String authorization = headers.get("authorization");
        if (authorization == null || !authorization.regionMatches(true, 0, "Bearer ", 0, 7)) {
            return "";
        }
        String[] parts = authorization.substring(7).strip().split("\\.", -1);
        if (parts.length != 3) {
            return "";
        }
        try {
            JsonNode claims = JSON.readTree(Base64.getUrlDecoder().decode(parts[1]));
            String subject = claims.path("sub").asString("");
            return subject.isEmpty() ? "" : hmac("jwt:" + claims.path("iss").asString("") + "\n" + subject);
        } catch (IllegalArgumentException | JacksonException notJwt) {
            return "";
        }
    }

    private String hmac(String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(key);
            byte[] hash = mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, 16);
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException(missing); // every JDK has HmacSHA256
        }
    }
}
