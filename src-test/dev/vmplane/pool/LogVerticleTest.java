package dev.vmplane.pool;

import static dev.vmplane.Samples.running;
import static dev.vmplane.Samples.vm;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.FakeStore;
import dev.vmplane.ManualTime;
import dev.vmplane.Samples;
import dev.vmplane.bus.Address;
import dev.vmplane.bus.Bus;
import dev.vmplane.host.HostRig;
import dev.vmplane.host.LogArchive;
import dev.vmplane.host.LogFiles;
import dev.vmplane.model.Log;
import dev.vmplane.model.LogLine;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What ended VMs have printed stays as long as their rows, and a little longer. */
class LogVerticleTest {
    private static final Duration SWEEP = Duration.ofMinutes(1);

    private final ManualTime time = new ManualTime();
    private final FakeStore store = new FakeStore();
    private HostRig host;
    private LogArchive archive;
    private String storeId;

    @BeforeEach
    void start() throws IOException {
        host = new HostRig();
        archive = new LogArchive(host.runDir.resolveSibling("logs"), host.directories, host.worker);
        var files = new LogFiles(host.directories, archive, host.worker);
        storeId = Await.of(host.vertx.deployVerticle(store));
        Await.of(host.vertx.deployVerticle(new LogVerticle("node-1", files, archive, time)));
    }

    @AfterEach
    void stop() throws IOException {
        host.close();
    }

    @Test
    void whatAVmPrintedIsReadThroughTheBus() throws IOException {
        ended("vm-a");
        var bus = new Bus(host.vertx);
        var streams = EnumSet.allOf(LogLine.Stream.class);

        var place = Await.of(bus.ask(Address.logFind("node-1"), new Log.Find("vm-a", streams, 1, null, Samples.NOW)));
        var chunk = Await.of(bus.ask(Address.logRead("node-1"), new Log.Read("vm-a", streams, place.from(), true)));

        assertThat(chunk.lines()).extracting(LogLine::text).containsExactly("bye");
    }

    @Test
    void aLogWithoutARowIsDroppedWhenASecondSweepMissesIt() throws IOException {
        ended("vm-a");
        ended("vm-b");
        store.keep(vm("vm-b", null, running()));

        sweep();
        assertThat(Await.of(archive.kept())).containsExactlyInAnyOrder("vm-a", "vm-b");
        sweep();

        Await.until(Set.of("vm-b"), archive::kept);
    }

    @Test
    void aStoreThatDoesNotAnswerDropsNothing() throws IOException {
        ended("vm-a");
        Await.of(host.vertx.undeploy(storeId));

        sweep();
        sweep();

        assertThat(Await.of(archive.kept())).containsExactly("vm-a");
    }

    private void sweep() {
        Await.until(1, () -> Future.succeededFuture(time.pending()));
        time.advance(SWEEP);
        Await.until(1, () -> Future.succeededFuture(time.pending()));
    }

    private void ended(String vmId) throws IOException {
        var directory = host.directory(vmId);
        Files.writeString(directory.console(), "1000000 o hello\n1000001 o bye\n");
        Await.of(archive.keep(vmId).compose(kept -> host.directories.takeBack(vmId)));
    }
}
