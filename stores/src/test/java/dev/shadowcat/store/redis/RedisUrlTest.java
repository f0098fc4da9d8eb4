package dev.shadowcat.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedisUrlTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "redis://db|redis://db",
                "redis://db:6380/3|redis://db:6380/3",
                "rediss://user:secret@db/1?verifyPeer=NONE|rediss://db/1?verifyPeer=NONE",
                "redis://:se@cret@[::1]:6380|redis://[::1]:6380",
                "redis://:secret@a:1,b:2,c|redis://a:1,b:2,c",
                "redis-sentinel://:secret@a:1,b:2/0#main|redis-sentinel://a:1,b:2/0#main"
            })
    void isShownWithoutUserAndPassword(String text, String shown) {
        assertThat(RedisUrl.isOne(text)).isTrue();
        assertThat(RedisUrl.parse(text)).hasToString(shown);
        assertThat(RedisUrl.parse(text).forDriver()).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "redis:db",
                "redis://",
                "redis://user:secret@",
                "redis://:secret@db:0",
                "redis://:secret@db:65536",
                "redis://:secret@a,,b",
                "redis-sentinel://:secret@a:1,b:2",
                "redis://user:1/secret@db",
                "http://:secret@db"
            })
    void whatIsNoneIsRefusedWithoutItsPassword(String text) {
        assertThatThrownBy(() -> RedisUrl.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageNotContaining("secret");
    }

    @Test
    void aPasswordOfTheEnvironmentIsTakenWhereTheUrlHasNone() {
        Map<String, String> environment = Map.of("REDISCLI_AUTH", "other");
        RedisUrl withUser = RedisUrl.parse("redis://user@db").withPasswordOf(environment);
        assertThat(withUser.user()).isEqualTo("user");
        assertThat(withUser.password()).isEqualTo("other");
        assertThat(withUser.forDriver()).isEqualTo("redis://db");
        assertThat(RedisUrl.parse("redis://db").withPasswordOf(environment).user())
                .isNull();
        RedisUrl withBoth = RedisUrl.parse("redis://user:secret@db").withPasswordOf(environment);
        assertThat(withBoth.password()).isNull();
        assertThat(withBoth.forDriver()).isEqualTo("redis://user:secret@db");
        assertThat(RedisUrl.parse("redis://db").withPasswordOf(Map.of()).password())
                .isNull();
    }
}
