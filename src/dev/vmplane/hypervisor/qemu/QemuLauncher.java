package dev.vmplane.hypervisor.qemu;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.vmplane.host.ProcessOrder;
import dev.vmplane.host.Processes;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * Brings a QEMU up to the point where it takes orders, or says why it cannot. Being connected to proves nothing, for
 * QEMU listens before it has set up its devices; it is ready when it has answered.
 */
final class QemuLauncher {
    private static final Duration LAUNCH_LIMIT = Duration.ofSeconds(10);
    private static final Duration RETRY_DELAY = Duration.ofMillis(5);
    private static final int MAX_OUTPUT_BYTES = 4 * 1024;

    private final Vertx vertx;
    private final WorkerExecutor worker;
    private final Processes processes;
    private final Qmp qmp;
    private final QemuCommand command;

    QemuLauncher(Vertx vertx, WorkerExecutor worker, Processes processes, Qmp qmp, QemuCommand command) {
        this.vertx = vertx;
        this.worker = worker;
        this.processes = processes;
        this.qmp = qmp;
        this.command = command;
    }

    /** Completes when QEMU takes orders. One that does already is kept: a second would take over its socket. */
    Future<VmmProcess> launch(Machine machine) {
        return worker.executeBlocking(() -> launchedBefore(machine), false)
                .compose(before -> before ? running(machine) : Future.succeededFuture(Optional.empty()))
                .compose(running -> running.map(Future::succeededFuture).orElseGet(() -> start(machine)))
                .compose(process -> ready(machine, process).map(process));
    }

    private boolean launchedBefore(Machine machine) {
        if (!Files.isExecutable(command.program())) {
            throw new HypervisorException(ReasonCode.VMM_MISSING, "qemu cannot start: its program is not on this host");
        }
        var disks = machine.disks().stream().map(Machine.Disk::file);
        for (var image : Stream.concat(Stream.of(machine.kernel(), machine.initramfs()), disks)
                .toList()) {
            if (!Files.isReadable(image)) {
                var why = "qemu cannot start: " + image.getFileName() + " is missing or cannot be read";
                throw new HypervisorException(ReasonCode.IMAGE_UNREADABLE, why);
            }
        }
        return Files.exists(machine.directory().apiSocket());
    }

    private Future<Optional<VmmProcess>> running(Machine machine) {
        return processes.running().map(all -> Optional.ofNullable(all.get(machine.vmId())));
    }

    private Future<VmmProcess> start(Machine machine) {
        return processes
                .start(new ProcessOrder(
                        machine.directory(),
                        command.of(machine),
                        machine.directory().vmmLog(),
                        machine.cgroups()))
                .recover(failed -> firstWords(machine)
                        .compose(words -> Future.failedFuture(words.isBlank() ? failed : QemuError.ended(words))));
    }

    private Future<Void> ready(Machine machine, VmmProcess process) {
        Promise<Void> ready = Promise.promise();
        processes
                .ended(process)
                .compose(gone -> firstWords(machine))
                .onComplete(
                        words -> ready.tryFail(words.succeeded() ? QemuError.ended(words.result()) : words.cause()));
        ask(machine, ready);
        return ready.future()
                .timeout(LAUNCH_LIMIT.toMillis(), MILLISECONDS)
                .recover(failed -> failed instanceof TimeoutException
                        ? giveUp(machine, process, ready)
                        : Future.failedFuture(failed));
    }

    private void ask(Machine machine, Promise<Void> ready) {
        qmp.order(machine.directory().apiSocket(), List.of())
                .onSuccess(answer -> ready.tryComplete())
                .onFailure(notYet -> {
                    if (!ready.future().isComplete()) {
                        vertx.setTimer(RETRY_DELAY.toMillis(), timer -> ask(machine, ready));
                    }
                });
    }

    private Future<Void> giveUp(Machine machine, VmmProcess process, Promise<Void> ready) {
        var why = "qemu cannot start: it takes no orders after " + LAUNCH_LIMIT.toSeconds() + " s";
        var silent = new HypervisorException(ReasonCode.HYPERVISOR_SILENT, why);
        ready.tryFail(silent);
        return processes.kill(machine.directory(), process).compose(gone -> Future.failedFuture(silent));
    }

    private Future<String> firstWords(Machine machine) {
        return worker.executeBlocking(
                () -> {
                    try (var output = Files.newInputStream(machine.directory().vmmLog())) {
                        return new String(output.readNBytes(MAX_OUTPUT_BYTES), UTF_8);
                    } catch (NoSuchFileException neverRan) {
                        return "";
                    }
                },
                false);
    }
}
