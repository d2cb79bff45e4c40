package dev.vmplane.host.network;

import dev.vmplane.host.GuestNetwork;
import dev.vmplane.host.Holding;
import dev.vmplane.host.HostException;
import dev.vmplane.host.Link;
import dev.vmplane.host.Links;
import dev.vmplane.host.VmUids;
import dev.vmplane.model.MicroVm;
import dev.vmplane.model.ReasonCode;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Lends every VM a tap on the host's bridge, behind walls: first the entries that say what may come out of it, then the
 * tap itself, and in reverse when it is taken back.
 *
 * <p>A VM whose address is not of the bridge's range was made when there were no taps. It keeps the link it has.
 */
public final class TapNetwork implements Holding, Links {
    private static final int ALL_BITS = 32;

    private final Range range;
    private final List<String> nameservers;
    private final boolean limits;
    private final Optional<VmUids> users;
    private final Links otherwise;
    private final Taps taps;
    private final Walls walls;
    private final WorkerExecutor worker;
    private final Batches<Taps.Wish> batches;

    /** @param limits whether the host sees to it that a VM's network is no faster than its row says */
    TapNetwork(
            Vertx vertx,
            WorkerExecutor worker,
            Range range,
            List<String> nameservers,
            boolean limits,
            Optional<VmUids> users,
            Links otherwise,
            Taps taps,
            Walls walls) {
        this.range = range;
        this.nameservers = List.copyOf(nameservers);
        this.limits = limits;
        this.users = users;
        this.otherwise = otherwise;
        this.taps = taps;
        this.walls = walls;
        this.worker = worker;
        this.batches = new Batches<>(vertx, worker, taps::apply);
    }

    @Override
    public String kind() {
        return "tap";
    }

    @Override
    public Link of(MicroVm vm) {
        if (!range.contains(vm.address())) {
            return otherwise.of(vm);
        }
        var guest = new GuestNetwork(vm.address() + "/" + ALL_BITS, range.gateway(), nameservers);
        return new Link.Tap(vm.vmId(), Range.mac(vm.address()), guest);
    }

    /** Whether the VM has a tap, or is to have one. */
    public boolean connects(MicroVm vm) {
        return range.contains(vm.address());
    }

    Port portOf(MicroVm vm) {
        return new Port(vm.vmId(), vm.address(), limits ? vm.boot().resources().netMbitPerSecond() : 0);
    }

    private OptionalInt ownerOf(MicroVm vm) {
        return users.isPresent() ? OptionalInt.of(users.get().of(vm.address())) : OptionalInt.empty();
    }

    @Override
    public Future<Void> lend(MicroVm vm) {
        return connects(vm)
                ? walls.open(portOf(vm))
                        .compose(open -> batches.add(new Taps.Wish(vm.vmId(), true, ownerOf(vm))))
                        .recover(TapNetwork::typed)
                : Future.succeededFuture();
    }

    @Override
    public Future<Set<String>> held() {
        return worker.executeBlocking(taps::there, false)
                .recover(TapNetwork::typed)
                .map(there -> {
                    var held = new HashSet<>(there);
                    held.addAll(walls.open());
                    return Set.copyOf(held);
                });
    }

    @Override
    public Future<Void> takeBack(String vmId) {
        return batches.add(Taps.Wish.gone(vmId))
                .compose(removed -> walls.close(vmId))
                .recover(TapNetwork::typed);
    }

    private static <T> Future<T> typed(Throwable cause) {
        return Future.failedFuture(
                cause instanceof HostException
                        ? cause
                        : new HostException(
                                ReasonCode.NETWORK_FAILED,
                                "the network cannot change: " + cause.getClass().getSimpleName(),
                                cause));
    }
}
