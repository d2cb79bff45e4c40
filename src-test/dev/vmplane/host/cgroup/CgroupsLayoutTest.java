package dev.vmplane.host.cgroup;

import static dev.vmplane.host.HostRig.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmplane.ManualTime;
import dev.vmplane.Samples;
import dev.vmplane.host.HostException;
import dev.vmplane.model.Overhead;
import dev.vmplane.model.Phase;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.States;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Version 2 on ordinary files: what is written where. The kernel's part of it is not there. */
class CgroupsLayoutTest {
    private static final Overhead OVERHEAD = new Overhead(0, 0);

    @TempDir
    Path mount;

    private final Vertx vertx = Vertx.vertx();
    private final WorkerExecutor worker = vertx.createSharedWorkerExecutor("host", 1);
    private MountTable table;

    @BeforeEach
    void pretend() throws IOException {
        Files.writeString(mount.resolve("cgroup.controllers"), "cpuset cpu io memory pids\n");
        Files.writeString(mount.resolve("cgroup.subtree_control"), "memory pids\n");
        var slice = Files.createDirectory(mount.resolve("system.slice"));
        Files.writeString(slice.resolve("cgroup.subtree_control"), "cpu memory pids\n");
        table = new MountTable("33 23 0:26 / " + mount + " rw - cgroup2 cgroup2 rw", "0::/system.slice/a.service");
    }

    @AfterEach
    void close() {
        await(vertx.close());
    }

    @Test
    void everyCgroupAboveThoseOfVmsHandsAllControllersDown() throws IOException {
        grow("system.slice/vmplane/db", "");

        open(null);

        assertThat(mount.resolve("cgroup.subtree_control")).hasContent("+cpu");
        assertThat(mount.resolve("system.slice/cgroup.subtree_control")).hasContent("cpu memory pids");
        assertThat(mount.resolve("system.slice/vmplane/cgroup.subtree_control")).hasContent("+cpu +memory +pids");
        assertThat(mount.resolve("system.slice/vmplane/db/cgroup.subtree_control"))
                .hasContent("+cpu +memory +pids");
    }

    @Test
    void aVmHasItsLimitsInOneDirectory() throws IOException {
        grow("own.slice/vmplane/db", "cpu memory pids");
        var cgroups = open("/own.slice");

        await(cgroups.lend(Samples.vm("vm-1", null, States.of(Phase.PENDING, Samples.NOW))));

        var own = mount.resolve("own.slice/vmplane/db/vm-1");
        assertThat(cgroups.processLists("vm-1")).containsExactly(own.resolve("cgroup.procs"));
        assertThat(own.resolve("cpu.max")).hasContent("125000 100000");
        assertThat(own.resolve("memory.max")).hasContent("134217728");
        assertThat(own.resolve("memory.swap.max")).doesNotExist();
        assertThat(await(cgroups.held())).containsExactly("vm-1");
    }

    @Test
    void whatCannotBeMadeIsTheVmsOwnFailure() throws IOException {
        grow("own.slice/vmplane/db", "cpu memory pids");
        var cgroups = open("/own.slice");
        Files.createFile(mount.resolve("own.slice/vmplane/db/vm-1"));

        var lent = cgroups.lend(Samples.vm("vm-1", null, States.of(Phase.PENDING, Samples.NOW)));

        assertThatThrownBy(() -> await(lent))
                .isInstanceOfSatisfying(
                        HostException.class,
                        failed -> assertThat(failed.reason().code()).isEqualTo(ReasonCode.LIMITS_FAILED))
                .hasMessageStartingWith("vm vm-1 cannot be limited: ")
                .hasMessageNotContaining(mount.toString());
    }

    @Test
    void aKernelWithoutAControllerIsNamed() throws IOException {
        Files.writeString(mount.resolve("cgroup.controllers"), "cpu pids\n");

        assertThatThrownBy(() -> open(null)).hasMessage("the controller cpu is not mounted");
    }

    private Cgroups open(String parent) throws IOException {
        return Cgroups.at(Tree.find(table, parent), "db", OVERHEAD, worker, new ManualTime());
    }

    /** The kernel would put the file into each directory as it is made. */
    private void grow(String path, String handedDown) throws IOException {
        var at = mount;
        for (var name : Path.of(path)) {
            at = Files.createDirectories(at.resolve(name));
            if (Files.notExists(at.resolve("cgroup.subtree_control"))) {
                Files.writeString(at.resolve("cgroup.subtree_control"), handedDown);
            }
        }
    }
}
