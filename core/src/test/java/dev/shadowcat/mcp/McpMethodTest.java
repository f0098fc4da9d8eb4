package dev.shadowcat.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import org.junit.jupiter.api.Test;

class McpMethodTest {
    @Test
    void sharesEveryKnownName() throws IllegalAccessException {
        int known = 0;
        for (Field field : McpMethod.class.getFields()) {
            if (Modifier.isStatic(field.getModifiers())) {
                String method = (String) field.get(null);
                char[] chars = ("<" + method + ">").toCharArray();
                assertThat(McpMethod.of(chars, 1, method.length())).isSameAs(method);
                known++;
            }
        }
        assertThat(known).isEqualTo(35);
    }

    @Test
    void keepsNothingOfAnUnknownName() {
        char[] chars = "acme/do".toCharArray();
        String first = McpMethod.of(chars, 0, chars.length);
        assertThat(first).isEqualTo("acme/do").isNotSameAs(McpMethod.of(chars, 0, chars.length));
        assertThat(McpMethod.of(chars, 0, 0)).isEmpty();
    }
}
