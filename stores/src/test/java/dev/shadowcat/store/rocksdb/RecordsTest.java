package dev.shadowcat.store.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shadowcat.event.Event;
import dev.shadowcat.event.SessionId;
import dev.shadowcat.event.SpanIdentity;
import dev.shadowcat.store.SessionActivity;
import dev.shadowcat.store.SessionRecord;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.StreamRecord;
import dev.shadowcat.store.StreamRecord.Phase;
import dev.shadowcat.store.format.RecordWriter;
import dev.shadowcat.store.format.Records;
import dev.shadowcat.testkit.Writes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Rows that version 1 wrote stay readable for ever: the bytes here are never to be changed, only added to. */
class RecordsTest {
    private static final SessionId ID = new SessionId(1, 2);

    @Test
    void sessionRecordOfVersion1() {
        String golden = "010566696c657380d095ffbc310a323032352d31312d323503076c6f6767696e6705746f6f6c7311"
                + "746f6f6c732e6c6973744368616e6765647b226a736f6e727063223a22322e30222c226964223a30"
                + "2c226d6574686f64223a22696e697469616c697a65227d";
        SessionRecord record = Writes.record(ID);
        assertThat(hex(out -> Records.write(out, record))).isEqualTo(golden);
        assertThat(Records.sessionRecord(ID, bytes(golden)))
                .usingRecursiveComparison()
                .isEqualTo(record);
    }

    @Test
    void sessionStateOfVersion1() {
        String golden = "01ac0215757073747265616d2d73657373696f6e2d33303013415753414c423dc3a93b20726f7574"
                + "653d3201087761726e696e67020966696c653a2f2f2f610966696c653a2f2f2f6202043030666604"
                + "613162320463336434800100066e6f64652d3107";
        assertThat(hex(out -> Records.write(out, Writes.state(300)))).isEqualTo(golden);
        assertThat(Records.sessionState(bytes(golden))).isEqualTo(Writes.state(300));
    }

    @Test
    void bareSessionStateOfVersion1() {
        String golden = "01010000000000000000000000";
        assertThat(hex(out -> Records.write(out, Writes.bareState()))).isEqualTo(golden);
        assertThat(Records.sessionState(bytes(golden))).isEqualTo(Writes.bareState());
    }

    @Test
    void sessionActivityOfVersion1() {
        String golden = "0180d095ffbc31808080808020";
        SessionActivity activity = new SessionActivity(Writes.CREATED_AT, 1L << 40);
        assertThat(hex(out -> Records.write(out, activity))).isEqualTo(golden);
        assertThat(Records.sessionActivity(bytes(golden))).isEqualTo(activity);
    }

    @Test
    void streamRecordOfVersion1() {
        String golden = "0180d095ffbc31010101310d22736861646f776361742d31220a746f6f6c732f63616c6c020000";
        StreamRecord record = Writes.stream(ID, 5, Phase.CANCELLED).record();
        assertThat(hex(out -> Records.write(out, record))).isEqualTo(golden);
        assertThat(Records.streamRecord(5, bytes(golden))).isEqualTo(record);
    }

    @Test
    void streamRecordOfVersion2HasTheRequestThatBeganIt() {
        String golden = "0280d095ffbc31010101310d22736861646f776361742d31220a746f6f6c732f63616c6c000000"
                + "4bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b7";
        SpanIdentity origin = new SpanIdentity(0x4bf92f3577b34da6L, 0xa3ce929d0e0e4736L, 0x00f067aa0ba902b7L);
        StreamRecord record = Writes.stream(ID, 5, origin).record();
        assertThat(hex(out -> Records.write(out, record))).isEqualTo(golden);
        assertThat(Records.streamRecord(5, bytes(golden))).isEqualTo(record);
    }

    @Test
    void eventOfVersion1() {
        String golden = "010380d095ffbc3102e807c8010575702fc3a97b2261223a317d";
        Event event = new Event(9, Writes.CREATED_AT, 2, true, "up/é", "{\"a\":1}".getBytes(StandardCharsets.UTF_8));
        Tail tail = new Tail(9, 1_000, 200, 9);
        assertThat(hex(out -> EventRecords.write(out, event, tail))).isEqualTo(golden);
        byte[] stored = bytes(golden);
        assertThat(EventRecords.event(9, stored, stored.length))
                .usingRecursiveComparison()
                .isEqualTo(event);
        assertThat(EventRecords.tail(9, stored, stored.length)).isEqualTo(tail);
        assertThat(EventRecords.isAnswer(stored)).isTrue();
    }

    @Test
    void eventWithoutUpstreamIdOfVersion1() {
        String golden = "010080d095ffbc310280808080800100047b7d";
        Event event = new Event(9, Writes.CREATED_AT, 2, false, null, "{}".getBytes(StandardCharsets.UTF_8));
        Tail tail = new Tail(9, 1L << 35, 0, 4);
        assertThat(hex(out -> EventRecords.write(out, event, tail))).isEqualTo(golden);
        byte[] stored = bytes(golden);
        assertThat(EventRecords.event(9, stored, stored.length))
                .usingRecursiveComparison()
                .isEqualTo(event);
        assertThat(EventRecords.tail(9, stored, stored.length)).isEqualTo(tail);
        assertThat(EventRecords.isAnswer(stored)).isFalse();
    }

    @Test
    void marksOfVersion1() {
        String goldenMark = "0107840709e807c80108037538";
        TrimMark mark = new TrimMark(7, 900, new Tail(9, 1_000, 200, 8), "u8");
        assertThat(hex(out -> EventRecords.write(out, mark))).isEqualTo(goldenMark);
        assertThat(EventRecords.trimMark(bytes(goldenMark))).isEqualTo(mark);
        String goldenMoved = "010c03753132";
        MovedCursor moved = new MovedCursor(12, "u12");
        assertThat(hex(out -> EventRecords.write(out, moved))).isEqualTo(goldenMoved);
        assertThat(EventRecords.movedCursor(bytes(goldenMoved))).isEqualTo(moved);
    }

    @Test
    void theHeadOfAnEventIsEnoughForItsTail() {
        Event event = new Event(Long.MAX_VALUE, -1, Integer.MAX_VALUE, false, null, new byte[10_000]);
        Tail tail = new Tail(Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE);
        byte[] stored = bytes(hex(out -> EventRecords.write(out, event, tail)));
        assertThat(EventRecords.tail(Long.MAX_VALUE, Arrays.copyOf(stored, 70), 70))
                .isEqualTo(tail);
    }

    @Test
    void aNewerFormatIsRefusedByName() {
        byte[] stored = bytes(hex(out -> Records.write(out, new SessionActivity(1, 1))));
        stored[0] = 2;
        assertThatThrownBy(() -> Records.sessionActivity(stored))
                .isInstanceOf(StoreException.class)
                .hasMessage(
                        "the store holds a session activity in format 2, but this version of Shadowcat reads up to 1:"
                                + " use the version that wrote it, or a newer one");
    }

    @Test
    void aCutOffRecordIsDamaged() {
        byte[] whole = bytes(hex(out -> Records.write(out, Writes.state(300))));
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> Records.sessionState(cut))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("damaged");
        }
    }

    @Property
    void numbersComeBack(@ForAll long number) {
        RecordWriter out = new RecordWriter();
        assertThat(EventRecords.number("number", EventRecords.numberBytes(out, number)))
                .isEqualTo(number);
    }

    private static String hex(Consumer<RecordWriter> record) {
        RecordWriter out = new RecordWriter();
        record.accept(out);
        ByteBuffer written = out.end();
        byte[] bytes = new byte[written.remaining()];
        written.get(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex);
    }
}
