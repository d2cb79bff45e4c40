package dev.vmplane.host;

import static dev.vmplane.host.HostRig.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmplane.model.Brake;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** With real processes and directories of this host. */
final class EstateTest {
    private HostRig host;
    private Estate estate;

    @BeforeEach
    void open() throws IOException {
        host = new HostRig();
        estate = new Estate(host.processes, host.directories, new Loans(List.of(host.directories)), new Brake(50, 2));
    }

    @AfterEach
    void close() throws IOException {
        host.close();
    }

    @Test
    void whatAHostHoldsIsFoundByVmId() throws IOException {
        var process = host.startIdle(host.directory("vm-1"));
        host.directory("vm-2");

        var found = await(estate.found());

        assertThat(found).isEqualTo(new Estate.Found(Map.of("vm-1", process), Set.of("vm-1", "vm-2")));
    }

    @Test
    void aHostThatHasLentNothingHoldsNothing() {
        assertThat(await(estate.found())).isEqualTo(new Estate.Found(Map.of(), Set.of()));
    }

    @Test
    void aProcessWithoutARowIsRemovedWithItsDirectory() throws IOException {
        host.startIdle(host.directory("vm-1"));

        sweep(Set.of());

        assertThat(await(estate.found())).isEqualTo(new Estate.Found(Map.of(), Set.of()));
    }

    @Test
    void aDirectoryWithoutARowIsRemoved() {
        host.directory("vm-1");

        sweep(Set.of("vm-2"));

        assertThat(await(estate.found()).holders()).isEmpty();
    }

    @Test
    void whatHasARowStays() throws IOException {
        var process = host.startIdle(host.directory("vm-1"));
        host.directory("vm-2");
        host.directory("vm-3");

        sweep(Set.of("vm-1", "vm-2"));

        assertThat(await(estate.found())).isEqualTo(new Estate.Found(Map.of("vm-1", process), Set.of("vm-1", "vm-2")));
    }

    @Test
    void whatWasMadeAfterTheLookIsLeftAlone() {
        var found = await(estate.found());
        host.directory("vm-1");

        await(estate.sweep(Set.of(), found));

        assertThat(await(estate.found()).holders()).containsExactly("vm-1");
    }

    @Test
    void filesThatAreNoVmsAreLeftAlone() throws IOException {
        host.directory("vm-1");
        var note = Files.writeString(host.runDir.resolve("read.me"), "not a VM");

        sweep(Set.of());

        assertThat(note).exists();
    }

    @Test
    void theBrakeHoldsWhenNoRowKnowsTheVms() throws IOException {
        host.startIdle(host.directory("vm-1"));
        host.startIdle(host.directory("vm-2"));
        host.startIdle(host.directory("vm-3"));
        var before = await(estate.found());

        sweep(Set.of());

        assertThat(await(estate.found())).isEqualTo(before);
    }

    @Test
    void directoriesAloneDoNotHoldTheBrake() {
        List.of("vm-1", "vm-2", "vm-3", "vm-4").forEach(host::directory);

        sweep(Set.of());

        assertThat(await(estate.found()).holders()).isEmpty();
    }

    @Test
    void aProcessThatCannotBeKilledKeepsItsDirectoryAndHoldsUpNoOther() {
        host.directory("vm-1");
        host.directory("vm-2");
        var process = new VmmProcess(4711, 1);
        var stuck = new Estate(
                new Unkillable(Map.of("vm-1", process)),
                host.directories,
                new Loans(List.of(host.directories)),
                new Brake(50, 2));
        var found = await(stuck.found());

        assertThatThrownBy(() -> await(stuck.sweep(Set.of(), found))).isInstanceOf(HostException.class);

        assertThat(await(stuck.found()).holders()).containsExactly("vm-1");
    }

    private void sweep(Set<String> known) {
        await(estate.found().compose(found -> estate.sweep(known, found).mapEmpty()));
    }

    /** Processes that the host refuses to signal. */
    private record Unkillable(Map<String, VmmProcess> processes) implements Processes {
        @Override
        public Future<VmmProcess> start(ProcessOrder order) {
            throw new UnsupportedOperationException("nothing is started here");
        }

        @Override
        public Future<Map<String, VmmProcess>> running() {
            return Future.succeededFuture(processes);
        }

        @Override
        public Future<ProcessEnd> ended(VmmProcess process) {
            throw new UnsupportedOperationException("nothing ends here");
        }

        @Override
        public void forget(VmmProcess process) {
            throw new UnsupportedOperationException("nobody waits here");
        }

        @Override
        public Future<Void> kill(RunDirectory directory, VmmProcess process) {
            return Future.failedFuture(new HostException("process 4711 cannot be killed: the host refuses the signal"));
        }
    }
}
