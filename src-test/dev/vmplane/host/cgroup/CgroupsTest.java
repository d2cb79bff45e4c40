package dev.vmplane.host.cgroup;

import static dev.vmplane.host.HostRig.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.vmplane.Await;
import dev.vmplane.Samples;
import dev.vmplane.bus.VertxTime;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.Overhead;
import dev.vmplane.model.Phase;
import dev.vmplane.model.States;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The cgroups of this host, with processes in them. */
class CgroupsTest {
    private static final MicroVm VM = Samples.vm("vm-1", null, States.of(Phase.PENDING, Samples.NOW));
    private static final int LIMIT_SECONDS = 60;
    private static final int NOT_JOINED = 99;

    private final Vertx vertx = Vertx.vertx();
    private final WorkerExecutor worker = vertx.createSharedWorkerExecutor("host", 2);
    private final List<Process> started = new ArrayList<>();
    private Cgroups cgroups;

    @BeforeEach
    void open() {
        var databaseId = "test-" + UUID.randomUUID();
        cgroups = await(Cgroups.open(null, databaseId, new Overhead(0, 0), worker, new VertxTime(vertx))
                .otherwise((Cgroups) null));
        assumeThat(cgroups).as("this host lets us make cgroups").isNotNull();
    }

    @AfterEach
    void close() throws Exception {
        for (var process : started) {
            process.destroyForcibly().waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
        }
        if (cgroups != null) {
            await(cgroups.takeBack("vm-1"));
            for (var list : cgroups.processLists("vm-1")) {
                Files.deleteIfExists(list.getParent().getParent());
            }
        }
        await(vertx.close());
    }

    @Test
    void whatTakesMoreMemoryThanItsVmMayIsKilled() throws Exception {
        await(cgroups.lend(VM));

        var end = run("head -c 300000000 /dev/zero | tail -c 300000000 > /dev/null");

        assertThat(end).as("128 and the number of the signal").isEqualTo(137);
    }

    @Test
    void whatStaysWithinItsMemoryIsLeftAlone() throws Exception {
        await(cgroups.lend(VM));

        assertThat(run("test $(head -c 30000000 /dev/zero | tail -c 30000000 | wc -c) = 30000000"))
                .isZero();
    }

    @Test
    void noMoreProcessesThanTheVmMayHaveAreStarted() throws Exception {
        await(cgroups.lend(VM));

        var end = run("i=0; while [ $i -lt 200 ]; do tail -f /dev/null & i=$((i+1)); done");

        assertThat(end).as("the status of a shell that could not fork").isNotIn(0, NOT_JOINED);
    }

    @Test
    void theKernelKeepsTheLimitsAsTheyWereSet() throws IOException {
        await(cgroups.lend(VM));
        await(cgroups.lend(VM));

        var values = cgroups.processLists("vm-1").stream()
                .map(Path::getParent)
                .flatMap(own ->
                        List.of("cpu.max", "cpu.cfs_quota_us", "memory.max", "memory.limit_in_bytes", "pids.max")
                                .stream()
                                .map(own::resolve))
                .filter(Files::exists)
                .map(CgroupsTest::read)
                .collect(Collectors.toSet());

        assertThat(values)
                .contains("134217728", "129")
                .containsAnyOf("125000", "125000 100000")
                .hasSize(3);
    }

    @Test
    void whatAVmHoldsIsReadFromTheKernel() throws Exception {
        await(cgroups.lend(VM));
        start("exec tail -f /dev/null");

        Await.until(true, () -> cgroups.usages().map(used -> used.get("vm-1").memoryBytes() > 0));
    }

    @Test
    void nothingIsLeftOfWhatWasTakenBack() throws Exception {
        await(cgroups.lend(VM));
        assertThat(await(cgroups.held())).containsExactly("vm-1");

        await(cgroups.takeBack("vm-1"));
        await(cgroups.takeBack("vm-1"));

        assertThat(await(cgroups.held())).isEmpty();
        assertThat(cgroups.processLists("vm-1"))
                .allSatisfy(list -> assertThat(list.getParent()).doesNotExist());
    }

    @Test
    void aCgroupIsTakenBackOnceItsLastProcessHasEnded() throws Exception {
        await(cgroups.lend(VM));
        var process = start("exec tail -f /dev/null");
        awaitMember(process);

        var taken = cgroups.takeBack("vm-1");
        process.destroyForcibly();

        await(taken);
        assertThat(await(cgroups.held())).isEmpty();
    }

    /** Runs a script in the VM's cgroup as a hypervisor would be, and answers its status. */
    private int run(String script) throws Exception {
        var process = start(script);
        assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        for (var pid : processesIn("vm-1")) {
            ProcessHandle.of(Long.parseLong(pid)).ifPresent(ProcessHandle::destroyForcibly);
        }
        return process.exitValue();
    }

    private Process start(String script) throws IOException {
        var joins = cgroups.processLists("vm-1").stream()
                .map(list -> "echo $$ > '" + list + "' || exit " + NOT_JOINED + "; ")
                .collect(Collectors.joining());
        var process = new ProcessBuilder("sh", "-c", joins + script)
                .redirectErrorStream(true)
                .redirectOutput(Redirect.DISCARD)
                .start();
        started.add(process);
        return process;
    }

    private void awaitMember(Process process) throws Exception {
        var pid = Long.toString(process.pid());
        var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (!processesIn("vm-1").contains(pid)) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    private List<String> processesIn(String vmId) throws IOException {
        var last = cgroups.processLists(vmId).size() - 1;
        return Files.readAllLines(cgroups.processLists(vmId).get(last));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file).trim();
        } catch (IOException failed) {
            throw new AssertionError(failed);
        }
    }
}
