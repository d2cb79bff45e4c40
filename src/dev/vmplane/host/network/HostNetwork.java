package dev.vmplane.host.network;

import dev.vmplane.host.Links;
import dev.vmplane.host.VmUids;
import dev.vmplane.model.MicroVm;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The network of this host's VMs as a whole: bridge, taps and walls. */
public final class HostNetwork {
    private final WorkerExecutor worker;
    private final Bridge bridge;
    private final Taps ports;
    private final Walls walls;
    private final TapNetwork taps;

    /**
     * What it is to be.
     *
     * @param databaseId whose VMs it is for
     * @param nameservers what guests ask for names
     * @param files where files of a moment may lie
     * @param limits whether rates are for the host to limit, because the hypervisor cannot
     */
    public record Settings(
            String bridge, Range range, String databaseId, List<String> nameservers, Path files, boolean limits) {}

    /**
     * A network that is not there yet.
     *
     * @param worker where it may block
     * @param users who hypervisors run as, if not as we do
     * @param otherwise how VMs are connected that were made when there were no taps
     */
    public HostNetwork(
            Vertx vertx,
            WorkerExecutor worker,
            Settings settings,
            Means means,
            Optional<VmUids> users,
            Links otherwise) {
        var ip = HostTool.at(means.ip().orElseThrow(), settings.files());
        var nft = HostTool.at(means.nft().orElseThrow(), settings.files());
        this.worker = worker;
        var range = settings.range();
        this.bridge = new Bridge(settings.bridge(), range, settings.databaseId(), ip);
        this.ports = new Taps(settings.bridge(), ip, new Interfaces(Interfaces.OF_THIS_HOST));
        this.walls = new Walls(vertx, worker, new Ruleset(settings.bridge(), range), nft);
        this.taps = new TapNetwork(
                vertx, worker, range, settings.nameservers(), settings.limits(), users, otherwise, ports, walls);
    }

    public TapNetwork taps() {
        return taps;
    }

    public Walls walls() {
        return walls;
    }

    /** Makes the bridge, unless it is there. Fails, with what to do, when it cannot be used. */
    public Future<Void> raiseBridge() {
        return worker.executeBlocking(
                () -> {
                    bridge.raise();
                    return null;
                },
                false);
    }

    /** Puts up the walls around all VMs at once, those running from before included. */
    public Future<Void> raiseWalls(List<MicroVm> vms, Map<String, Rights> rights) {
        var known = vms.stream().filter(taps::connects).map(taps::portOf).toList();
        return worker.executeBlocking(ports::there, false).compose(there -> {
            var strays = new HashSet<>(there);
            known.forEach(port -> strays.remove(port.vmId()));
            return walls.raise(known, rights, strays);
        });
    }

    /** Puts right what others have changed of bridge and walls. */
    public Future<Void> repair() {
        return raiseBridge().compose(there -> walls.repair());
    }
}
