package dev.shadowcat.gateway.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HeaderLinesTest {
    private static final List<String> NAMES = List.of("a", "A", "b", "Content-Type", "content-type", "X-Long-Name");

    @Test
    void answersAsNettysOwnAfterAnyChanges() {
        Random random = new Random(7);
        for (int run = 0; run < 300; run++) {
            HttpHeaders lines = new HeaderLines();
            HttpHeaders model = DefaultHttpHeadersFactory.headersFactory()
                    .withValidation(false)
                    .newHeaders();
            for (int step = 0; step < 40; step++) {
                int choice = random.nextInt(12);
                String name = NAMES.get(random.nextInt(NAMES.size()));
                String value = "v" + random.nextInt(9);
                change(lines, choice, name, value);
                change(model, choice, name, value);
                assertSame(lines, model);
                assertSame(lines.copy(), model);
            }
        }
    }

    private static void change(HttpHeaders headers, int choice, String name, String value) {
        switch (choice) {
            case 0, 1, 2, 3 -> headers.add(name, value);
            case 4 -> headers.add(AsciiString.cached(name), AsciiString.cached(value));
            case 5 -> headers.set(name, value);
            case 6 -> headers.set(AsciiString.cached(name), List.of(value, "w"));
            case 7 -> headers.add(name, List.of(value, "w"));
            case 8 -> headers.remove(name);
            case 9 -> headers.setInt(name, value.charAt(1));
            case 10 -> headers.addInt(name, value.charAt(1));
            default -> {
                if (value.equals("v0")) {
                    headers.clear();
                }
            }
        }
    }

    private static void assertSame(HttpHeaders lines, HttpHeaders model) {
        assertThat(lines.size()).isEqualTo(model.size());
        assertThat(lines.isEmpty()).isEqualTo(model.isEmpty());
        assertThat(lines.entries()).hasSize(model.size());
        for (String name : NAMES) {
            assertThat(lines.getAll(name)).isEqualTo(model.getAll(name));
            assertThat(lines.get(AsciiString.cached(name))).isEqualTo(model.get(name));
            assertThat(lines.contains(name)).isEqualTo(model.contains(name));
            assertThat(lines.getInt(name)).isEqualTo(model.getInt(name));
            assertThat(lines.containsValue(name, "w", true)).isEqualTo(model.containsValue(name, "w", true));
        }
    }

    @Test
    void givesThemInTheirOrder() {
        HttpHeaders lines = new HeaderLines().add("b", "1").add("a", "2").add("B", "3");
        List<String> seen = new ArrayList<>();
        for (Map.Entry<String, String> each : lines) {
            seen.add(each.getKey() + each.getValue());
        }
        assertThat(seen).containsExactly("b1", "a2", "B3");
        assertThat(lines.names()).containsExactly("b", "a", "B");
    }

    @Test
    void aCopyIsItsOwn() {
        HttpHeaders first = new HeaderLines().add("a", "1");
        HttpHeaders second = first.copy().add("b", "2").set("a", "3");
        assertThat(first.size()).isEqualTo(1);
        assertThat(first.get("a")).isEqualTo("1");
        assertThat(second.get("b")).isEqualTo("2");
    }

    @Test
    void readsTimes() {
        HttpHeaders lines =
                new HeaderLines().add("date", "Thu, 01 Jan 1970 00:00:02 GMT").add("x", "soon");
        assertThat(lines.getTimeMillis("date")).isEqualTo(2_000);
        assertThat(lines.getTimeMillis("x", 7)).isEqualTo(7);
    }
}
