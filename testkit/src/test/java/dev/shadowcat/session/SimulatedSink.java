package dev.shadowcat.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shadowcat.session.StoredTruth.Name;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A client's connection as the gateway sees it: takes some, takes none for a while, or takes nothing any more. */
final class SimulatedSink implements EventSink {
    final EventStream stream;
    private final Simulation simulation;
    private final SimulatedClient owner;
    private final Name name;
    private final boolean sticks; // once it is full
    private long last;
    private int room;
    private boolean cut; // the client hears nothing of it any more
    private boolean ended;
    private boolean toldOfGap;
    private final Set<String> withoutId = new HashSet<>();

    @Nullable
    ClientStream client;

    SimulatedSink(Simulation simulation, SimulatedClient owner, EventStream stream, long after, boolean toldOfGap) {
        this.simulation = simulation;
        this.owner = owner;
        this.stream = stream;
        this.name = new Name(stream.session().id(), stream.number());
        this.last = after;
        this.toldOfGap = toldOfGap;
        this.sticks = simulation.chaos(0.05);
        this.room = 1 + simulation.time.random.nextInt(sticks ? 4 : 100);
    }

    boolean ended() {
        return ended;
    }

    void cut() {
        cut = true;
    }

    @Override
    public boolean writable() {
        return room > 0;
    }

    @Override
    public void event(int number, long sequence, byte[] message) {
        assertThat(number).as("rule 3: the stream of %s", name).isEqualTo(stream.number());
        assertThat(ended).as("nothing comes after the end").isFalse();
        String text = StoredTruth.text(message);
        assertThat(!text.contains("\"from\"") || text.contains(Simulation.from(name)))
                .as("no event of another stream comes on %s: %s", name, text)
                .isTrue();
        assertThat(withoutId.contains(text) && text.contains("\"from\"")) // Shadowcat's own are alike
                .as("nothing comes twice on one connection: %s", text)
                .isFalse();
        simulation.truth.shown(name, last, sequence, message, toldOfGap, withoutId);
        simulation.shown();
        last = sequence;
        room--;
        if (room == 0 && !sticks) {
            simulation.time.soon(40, () -> {
                room = 1 + simulation.time.random.nextInt(100);
                stream.session().loop().execute(() -> {
                    if (client != null) {
                        client.pump();
                    }
                });
            });
        }
        if (!cut) {
            owner.received(sequence, text);
        }
    }

    @Override
    public void notice(byte[] message) {
        String text = StoredTruth.text(message);
        if (text.contains("The session ended")) {
            assertThat(ended).as("nothing comes after the end").isFalse();
            return;
        }
        if (simulation.delivers() && !text.contains("no longer kept")) {
            assertThat(ended).as("nothing comes after the end").isFalse();
            assertThat(!text.contains("\"from\"") || text.contains(Simulation.from(name)))
                    .as("no event of another stream comes on %s: %s", name, text)
                    .isTrue();
            assertThat(withoutId.add(text) || !text.contains("\"from\""))
                    .as("nothing comes twice on one connection")
                    .isTrue();
            simulation.sentOn(text);
            if (!cut) {
                owner.receivedWithoutId(text);
            }
            return;
        }
        assertThat(text).as("the one notice that may be due").containsAnyOf("no longer kept", "list_changed");
        toldOfGap = true;
    }

    @Override
    public void cursor(int number, long sequence) {
        simulation.truth.caughtUp(name, last, sequence, toldOfGap, withoutId);
        moved(sequence);
    }

    @Override
    public void gap(int number, long sequence) {
        assertThat(simulation.delivers())
                .as("a gap of %s without a cause", name)
                .isTrue();
        toldOfGap = true;
        moved(sequence);
    }

    private void moved(long sequence) {
        last = sequence;
        if (!cut) {
            owner.moved(sequence);
        }
    }

    @Override
    public void priming(int number, long sequence) {}

    @Override
    public boolean resumable() {
        return last > 0;
    }

    @Override
    public void flush() {}

    @Override
    public void finish() {
        end();
    }

    @Override
    public void abort() {
        end();
    }

    private void end() {
        ended = true;
        if (!cut) {
            owner.ended(this);
        }
    }
}
