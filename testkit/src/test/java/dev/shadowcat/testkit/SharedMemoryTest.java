package dev.shadowcat.testkit;

import dev.shadowcat.store.NodeIdentity;
import dev.shadowcat.store.SharedStore;
import java.time.Duration;

class SharedMemoryTest extends SharedStoreContract {
    @Override
    protected SharedStoreHome newSharedHome() {
        SharedMemory memory = new SharedMemory(Duration.ofMinutes(5), System::nanoTime);
        return new SharedStoreHome() {
            @Override
            public SharedStore open(NodeIdentity node, Duration lease) {
                SharedMemory.Node opened = memory.node(lease);
                opened.address(node.address());
                return opened;
            }

            @Override
            public void close() {}
        };
    }
}
