package dev.vmplane.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.ManualTime;
import dev.vmplane.Samples;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Address.Page;
import dev.vmplane.bus.Bus;
import dev.vmplane.host.disk.Mke2fs;
import dev.vmplane.host.disk.VolumeFiles;
import dev.vmplane.model.Changes;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.Volume;
import dev.vmplane.model.VolumeView;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of volumes go when their rows say so, and no other file ever does. */
class VolumeVerticleTest {
    @TempDir
    Path directory;

    private final Vertx vertx = Vertx.vertx();
    private final ManualTime time = new ManualTime();
    private final List<Volume> rows = new ArrayList<>();
    private final List<Volume> removed = new CopyOnWriteArrayList<>();
    private final AtomicInteger refusals = new AtomicInteger();
    private Bus bus;

    @BeforeEach
    void start() {
        bus = new Bus(vertx);
        Await.of(bus.answer(
                Address.STORE_VOLUME_LIST,
                query -> Future.succeededFuture(new Page<>(
                        rows.stream()
                                .map(volume -> new VolumeView(volume, List.of(), null))
                                .toList(),
                        null))));
        Await.of(bus.answer(Address.STORE_VOLUME_REMOVED, this::removed));
    }

    @AfterEach
    void stop() {
        Await.of(vertx.close());
    }

    private Future<Long> removed(Volume volume) {
        if (refusals.getAndDecrement() > 0) {
            return Future.failedFuture(
                    new Refusal(Refusal.Kind.UNAVAILABLE, "store_failed", null, "as the test says").asException());
        }
        removed.add(volume);
        return Future.succeededFuture(1L);
    }

    @Test
    void aVolumeThatWasToGoWhenTheControlPlaneStoppedGoesAtTheNextStart() throws IOException {
        var going = volume("vol-going", true);
        rows.add(going);
        rows.add(volume("vol-kept", false));

        deploy();

        untilRemoved(going);
        assertThat(files()).containsExactly("vol-kept.img");
    }

    @Test
    void aVolumeWhoseFileWasNeverMadeGoesToo() {
        var going = new Volume("vol-a", "acme", "data", 64, "here", true, Samples.NOW);
        rows.add(going);

        deploy();

        untilRemoved(going);
    }

    @Test
    void aFileWithoutARowIsLeftAsItIs() throws IOException {
        volume("vol-of-another-database", false);
        var going = volume("vol-going", true);
        rows.add(going);

        deploy();

        untilRemoved(going);
        assertThat(files()).containsExactly("vol-of-another-database.img");
    }

    @Test
    void aVolumeGoesWhenItsRowBeginsToSaySo() throws IOException {
        var going = volume("vol-going", true);
        deploy();

        commit(going);

        untilRemoved(going);
        assertThat(files()).isEmpty();
    }

    @Test
    void aVolumeThatIsNotToGoStays() throws IOException {
        var kept = volume("vol-kept", false);
        var going = volume("vol-going", true);
        deploy();

        commit(kept);
        commit(going);

        untilRemoved(going);
        assertThat(files()).containsExactly("vol-kept.img");
    }

    @Test
    void aStoreThatIsAwayIsToldAgain() throws IOException {
        var going = volume("vol-going", true);
        rows.add(going);
        refusals.set(1);
        deploy();
        Await.until(1, () -> Future.succeededFuture(time.pending()));

        time.advance(Duration.ofSeconds(10));

        untilRemoved(going);
    }

    private void deploy() {
        var files = new VolumeFiles(directory, new Mke2fs(""), vertx.createSharedWorkerExecutor("test-disk", 1));
        Await.of(vertx.deployVerticle(new VolumeVerticle(files, time)));
    }

    private void commit(Volume volume) {
        bus.publish(
                Address.COMMITTED,
                new Changes(
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(volume),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of()));
    }

    private void untilRemoved(Volume volume) {
        Await.until(List.of(volume), () -> Future.succeededFuture(List.copyOf(removed)));
    }

    private Volume volume(String id, boolean deleting) throws IOException {
        Files.writeString(directory.resolve(id + ".img"), "what a tenant wrote");
        return new Volume(id, "acme", "data", 64, "here", deleting, Samples.NOW);
    }

    private List<String> files() throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.map(entry -> entry.getFileName().toString()).toList();
        }
    }
}
