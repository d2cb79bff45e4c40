package dev.vmplane.vm;

import dev.vmplane.host.GuestEnd;
import dev.vmplane.host.HostException;
import dev.vmplane.host.Link;
import dev.vmplane.host.RunDirectory;
import dev.vmplane.hypervisor.HypervisorException;
import dev.vmplane.hypervisor.Machine;
import dev.vmplane.hypervisor.Machines;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.ReasonCode;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.nio.file.Path;
import java.time.Duration;

/** Ground without files: a test says whether it can be made, when the guest speaks, and what it says in the end. */
final class FakeGround implements Ground {
    private final Promise<Void> firstWord = Promise.promise();
    private RuntimeException failure;
    private boolean stuck;
    private boolean made;
    private GuestExit exit = GuestExit.UNKNOWN;

    /** From here on nothing can be made. */
    synchronized void fail(RuntimeException cause) {
        failure = cause;
    }

    /** From here on nothing can be removed, until it can. */
    synchronized void stick(boolean stuck) {
        this.stuck = stuck;
    }

    /** Something lies there already. */
    synchronized void exists() {
        made = true;
    }

    void guestStarts() {
        firstWord.tryComplete();
    }

    void guestIsSilent() {
        firstWord.tryFail(new HypervisorException(ReasonCode.GUEST_SILENT, "the guest printed nothing within 5 s"));
    }

    synchronized void guestSaidGoodbye(GuestExit exit) {
        this.exit = exit;
    }

    synchronized boolean made() {
        return made;
    }

    @Override
    public Machine machine(MicroVm vm) {
        var images = Path.of("images");
        return Machines.of(
                vm.vmId(),
                RunDirectory.of(Path.of("run"), vm.vmId()),
                images.resolve("vmlinux"),
                images.resolve("vmlinux.initramfs"),
                images.resolve("rootfs-web.ext4"),
                vm.boot().resources(),
                new Link.Loopback(vm.address()));
    }

    @Override
    public synchronized Future<Void> prepare(MicroVm vm) {
        if (failure != null) {
            return Future.failedFuture(failure);
        }
        made = true;
        return Future.succeededFuture();
    }

    @Override
    public Future<Void> started(MicroVm vm, Duration silence, Duration limit) {
        return FakeHypervisor.onTheCallersLoop(firstWord.future());
    }

    @Override
    public synchronized Future<GuestEnd> end(MicroVm vm) {
        return Future.succeededFuture(new GuestEnd(exit, null));
    }

    @Override
    public synchronized Future<Void> remove(MicroVm vm) {
        if (stuck) {
            return Future.failedFuture(new HostException("vm " + vm.vmId() + " cannot give back its run directory"));
        }
        made = false;
        return Future.succeededFuture();
    }
}
