package dev.vmplane.vm;

import dev.vmplane.host.Consoles;
import dev.vmplane.host.Disks;
import dev.vmplane.host.GuestConfig;
import dev.vmplane.host.GuestEnd;
import dev.vmplane.host.Links;
import dev.vmplane.host.Loans;
import dev.vmplane.host.LogArchive;
import dev.vmplane.host.RunDirectories;
import dev.vmplane.hypervisor.Hypervisor;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.Machine.Disk;
import dev.vmplane.image.Images;
import dev.vmplane.model.CrashPoint;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.Time;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ground of this host: what it lends to VMs, its images and the consoles of its guests. */
public final class HostGround implements Ground {
    private static final Logger LOG = LoggerFactory.getLogger(HostGround.class);

    private final RunDirectories directories;
    private final Images images;
    private final Consoles consoles;
    private final Links links;
    private final Disks disks;
    private final Loans loans;
    private final LogArchive logs;
    private final Function<String, List<Path>> processLists;
    private final Hypervisor hypervisor;
    private final Duration stopLimit;
    private final Time time;

    /**
     * Stands on these parts.
     *
     * @param processLists the files through which the process of a VM, by its id, joins its cgroups
     * @param stopLimit how long a guest that is asked to end has before it is made to
     */
    public HostGround(
            RunDirectories directories,
            Images images,
            Consoles consoles,
            Links links,
            Disks disks,
            Loans loans,
            LogArchive logs,
            Function<String, List<Path>> processLists,
            Hypervisor hypervisor,
            Duration stopLimit,
            Time time) {
        this.directories = directories;
        this.images = images;
        this.consoles = consoles;
        this.links = links;
        this.disks = disks;
        this.loans = loans;
        this.logs = logs;
        this.processLists = processLists;
        this.hypervisor = hypervisor;
        this.stopLimit = stopLimit;
        this.time = time;
    }

    @Override
    public Machine machine(MicroVm vm) {
        var boot = vm.boot();
        var directory = directories.of(vm.vmId());
        return new Machine(
                vm.vmId(),
                directory,
                images.path(boot.kernel()),
                images.path(boot.kernel() + Images.INITRAMFS),
                machineDisks(vm),
                boot.resources(),
                links.of(vm),
                processLists.apply(vm.vmId()));
    }

    private List<Disk> machineDisks(MicroVm vm) {
        var all = new ArrayList<Disk>();
        all.add(new Disk("rootfs", images.path(vm.boot().rootfs()), false));
        all.add(new Disk("config", directories.of(vm.vmId()).configDisk(), false));
        disks.of(vm).forEach(disk -> all.add(new Disk(disk.id(), disk.file(), true)));
        return List.copyOf(all);
    }

    @Override
    public Future<Void> prepare(MicroVm vm) {
        return images.check(vm.boot())
                .recover(missing -> Future.failedFuture(
                        new HypervisorException(ReasonCode.IMAGE_UNREADABLE, missing.getMessage(), missing)))
                .compose(usable -> loans.lend(vm))
                .compose(lent -> disks.make(vm))
                .compose(made -> directories.writeConfigDisk(vm.vmId(), guestConfig(vm)))
                .onSuccess(ready -> CrashPoint.VM_PREPARED.here());
    }

    private GuestConfig guestConfig(MicroVm vm) {
        var network = links.of(vm).guest();
        return new GuestConfig(
                vm.vmId(),
                vm.boot().program(),
                network.ip(),
                network.gateway(),
                network.dns(),
                graceInGuest(),
                hypervisor.capabilities().guestEnd(),
                disks.guest(vm));
    }

    /** The guest makes its program end a little before the host makes the guest end, so that its status is still told. */
    private int graceInGuest() {
        return (int) Math.max(1, stopLimit.toSeconds() - 2);
    }

    @Override
    public Future<Void> started(MicroVm vm, Duration silence, Duration limit) {
        var signs = consoles.watch(directories.of(vm.vmId()));
        var verdict = Promise.<Void>promise();
        var printed = time.after(
                silence, () -> verdict.tryFail(silent("printed nothing within " + silence.toSeconds() + " s")));
        var late = time.after(
                limit, () -> verdict.tryFail(silent("did not start its program within " + limit.toSeconds() + " s")));
        signs.printed().onSuccess(alive -> printed.cancel());
        signs.started().onSuccess(verdict::tryComplete);
        return verdict.future().onComplete(done -> {
            printed.cancel();
            late.cancel();
            signs.forget();
        });
    }

    private static HypervisorException silent(String what) {
        return new HypervisorException(ReasonCode.GUEST_SILENT, "the guest " + what);
    }

    @Override
    public Future<GuestEnd> end(MicroVm vm) {
        return consoles.end(directories.of(vm.vmId()));
    }

    @Override
    public Future<Void> remove(MicroVm vm) {
        return keepLog(vm.vmId())
                .compose(kept -> loans.takeBack(vm.vmId()))
                .onSuccess(gone -> CrashPoint.VM_REMOVED.here());
    }

    /** What cannot be kept is lost: a full disk must not hold up the end of a VM. */
    private Future<Void> keepLog(String vmId) {
        return logs.keep(vmId).recover(cause -> {
            LOG.atWarn().addKeyValue("vm", vmId).setCause(cause).log("a vm's log is not kept");
            return Future.succeededFuture();
        });
    }
}
