package dev.shadowcat.gateway.cli;

import dev.shadowcat.gateway.config.Configuration;
import dev.shadowcat.gateway.config.GatewaySettings;
import dev.shadowcat.gateway.config.HostPort;
import dev.shadowcat.gateway.config.StoreSettings;
import dev.shadowcat.gateway.config.UpstreamSettings;
import dev.shadowcat.store.EventStore;
import dev.shadowcat.store.StoreException;
import dev.shadowcat.store.rocksdb.RocksDbStores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** {@code shadowcat doctor}: says of each thing that a gateway needs whether it is there, and what to do where it is not. */
final class Doctor {
    private static final int JDK = 25;
    private static final long ROOM = 1L << 30;

    private final Console console;
    private boolean healthy = true;

    Doctor(Console console) {
        this.console = console;
    }

    /** Whether a gateway with these settings would start and serve. */
    boolean run(Configuration configuration) {
        GatewaySettings settings = configuration.gateway();
        jdk();
        store(settings.store(), configuration.environment());
        port("listen", settings.listen(), settings.store().data());
        port("admin", settings.admin(), settings.store().data());
        if (settings.upstreams().isEmpty()) {
            warn("upstream", "none was given; --upstream URL checks that it speaks MCP");
        }
        for (UpstreamSettings upstream : settings.upstreams().values()) {
            try (UpstreamCheck check = new UpstreamCheck(upstream, this)) {
                check.run();
            }
        }
        return healthy;
    }

    void ok(String what, String finding) {
        console.print("ok    " + what + ": " + finding);
    }

    void warn(String what, String finding) {
        console.print("warn  " + what + ": " + finding);
    }

    void fail(String what, String finding) {
        healthy = false;
        console.print("FAIL  " + what + ": " + finding);
    }

    private void jdk() {
        int version = Runtime.version().feature();
        if (version < JDK) {
            fail("jdk", "this is Java " + version + "; install a JDK " + JDK + " or set JAVA_HOME to one");
            return;
        }
        ok("jdk", "Java " + Runtime.version() + " in " + System.getProperty("java.home"));
    }

    private void store(StoreSettings settings, Map<String, String> environment) {
        Path data = settings.data();
        if (settings.inMemory()) {
            warn(
                    "store",
                    "in memory: a restart forgets all sessions; --durability batched and --store rocksdb keep them");
            ownFiles(data);
        } else if (settings.choice().kind().shared()) {
            sharedStore(settings, environment);
            ownFiles(data);
        } else {
            embeddedStore(data);
        }
    }

    private void embeddedStore(Path data) {
        try {
            storeIn(data);
        } catch (StoreException broken) {
            fail("store", broken.getMessage() + "; choose another folder with --data, or stop who holds it");
            return;
        }
        space(nearestFolder(data));
    }

    /** What a gateway writes though its store is elsewhere. */
    private void ownFiles(Path data) {
        if (mayBeTaken("data", data)) {
            ok("data", data + " can be written");
            space(nearestFolder(data));
        }
    }

    /** Leaves nothing behind, as with the embedded one. */
    private void sharedStore(StoreSettings settings, Map<String, String> environment) {
        String url = settings.choice().url();
        try {
            if (!Stores.exists(settings, environment)) {
                ok("store", Stores.shown(url) + " answers and holds none yet; a gateway makes it");
                return;
            }
            try (EventStore store = Stores.openReadOnly(url, environment)) {
                store.sessions(null, 1);
                ok("store", Stores.shown(url) + " answers and can be read");
            }
        } catch (StoreException broken) {
            fail("store", String.valueOf(broken.getMessage()));
        }
    }

    /** Looks and touches nothing: opening a store for real makes one, or counts a power cut. */
    private void storeIn(Path data) {
        if (!mayBeTaken("store", data)) {
            return;
        }
        if (!RocksDbStores.exists(data)) {
            ok("store", data + " holds none yet; a gateway makes it");
            return;
        }
        try (EventStore store = RocksDbStores.openReadOnly(data)) {
            ok("store", data + " opens and can be written, epoch " + store.bootEpoch());
        }
    }

    /** Whether a gateway that is started now could have the folder. */
    private boolean mayBeTaken(String what, Path data) {
        if (AdminPort.answersFor(data)) {
            ok(what, data + " is in use by a running gateway; a second one needs another folder");
            return false;
        }
        if (!Files.isWritable(nearestFolder(data))) {
            fail(what, nearestFolder(data) + " cannot be written; choose another folder with --data");
            return false;
        }
        try {
            if (DataFolder.isInUse(data)) {
                fail(what, inUse(data));
                return false;
            }
            return true;
        } catch (Failure unreadable) {
            fail(what, String.valueOf(unreadable.getMessage()));
            return false;
        }
    }

    private static String inUse(Path data) {
        return data + " is in use by another process; stop it, or choose another folder with --data";
    }

    /** The folder itself, or the nearest one above it that is there. */
    private static Path nearestFolder(Path folder) {
        Path there = folder.toAbsolutePath();
        while (there.getParent() != null && !Files.exists(there)) {
            there = there.getParent();
        }
        return there;
    }

    private void space(Path data) {
        try {
            long free = Files.getFileStore(data).getUsableSpace();
            String text = free / (1 << 20) + " MiB free in " + data;
            if (free < ROOM) {
                warn("disk", text + "; make room, or lower retention.bytes-per-session");
            } else {
                ok("disk", text);
            }
        } catch (IOException unknown) {
            warn("disk", "cannot tell the free space of " + data + ": " + unknown.getMessage());
        }
    }

    private void port(String key, HostPort address, Path data) {
        if (Ports.free(address)) {
            ok(key, address + " is free");
        } else if (AdminPort.answersFor(data)) {
            ok(key, address + " is taken; a gateway on this data folder runs");
        } else {
            fail(key, Ports.taken(key, address));
        }
        if (!address.loopback()) {
            warn(
                    key,
                    address + " can be reached by other machines" + (key.equals("listen") ? "; see --allow-host" : ""));
        }
    }
}
