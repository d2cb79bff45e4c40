package dev.vmplane;

import dev.vmplane.host.Holding;
import dev.vmplane.host.HostException;
import dev.vmplane.host.LaunchedProcesses;
import dev.vmplane.host.Links;
import dev.vmplane.host.network.HostNetwork;
import dev.vmplane.host.network.Means;
import dev.vmplane.host.network.Range;
import dev.vmplane.host.network.Resolvers;
import dev.vmplane.model.Backend;
import dev.vmplane.model.Time;
import dev.vmplane.network.Names;
import dev.vmplane.network.NetworkVerticle;
import dev.vmplane.store.Addresses;
import dev.vmplane.store.DatabaseFile;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides how VMs are connected, and puts together what that takes. */
final class Networks {
    private static final Logger LOG = LoggerFactory.getLogger(Networks.class);

    static final String TAP_RANGE = "10.88.0.0/16";
    private static final String LOOPBACK_RANGE = "127.64.0.0/16";
    private static final Range LOOPBACK = Range.of("127.0.0.0/8");
    /** The address of the host on its own bridge. */
    private static final int GATEWAYS = 1;

    private static final Path RUN = Path.of("/run");

    private final Vertx vertx;
    private final WorkerExecutor host;
    private final Config config;
    private final String databaseId;
    private final Time time;

    private Networks(Vertx vertx, WorkerExecutor host, Config config, String databaseId, Time time) {
        this.vertx = vertx;
        this.host = host;
        this.config = config;
        this.databaseId = databaseId;
        this.time = time;
    }

    /**
     * How VMs are connected.
     *
     * @param lent what each of them gets of the host for it
     * @param verticle follows what is committed, if there is anything to do
     */
    record Chosen(Links links, Addresses addresses, List<Holding> lent, Optional<NetworkVerticle> verticle) {}

    /** What to connect VMs with, or why that cannot be. */
    record Choice(boolean taps, String why) {}

    /**
     * Decides.
     *
     * @throws ConfigException when what is asked for, or what the backend needs, cannot be had here
     */
    static Choice choose(Config.Network.Mode mode, String addressRange, Backend backend, Means means) {
        if (backend == Backend.SIMULATOR) {
            return new Choice(false, "simulated guests are on the loopback");
        }
        var lack = lack(addressRange, means);
        return switch (mode) {
            case USER -> without(backend, "network.mode is user");
            case TAP -> {
                if (lack.isPresent()) {
                    throw refused("network.mode cannot be tap: this host lacks " + lack.get());
                }
                yield new Choice(true, "network.mode is tap");
            }
            case AUTO ->
                lack.isPresent()
                        ? without(backend, "taps cannot be had: this host lacks " + lack.get())
                        : new Choice(true, "everything for taps is there");
        };
    }

    private static Optional<String> lack(String addressRange, Means means) {
        return addressRange != null && Range.of(addressRange).overlaps(LOOPBACK)
                ? Optional.of("an address_range outside of the loopback: leave it out for " + TAP_RANGE)
                : means.lackForTaps();
    }

    private static Choice without(Backend backend, String why) {
        if (backend != Backend.QEMU) {
            throw refused(backend.text() + " cannot connect its VMs, for only qemu can without taps, and " + why);
        }
        return new Choice(false, why);
    }

    private static ConfigException refused(String fault) {
        return new ConfigException(List.of(fault));
    }

    /** Puts together the network that {@code backend} needs, and makes what of it the host must have before any VM. */
    static Future<Chosen> of(
            Backend backend,
            Backends.Chosen driven,
            Vertx vertx,
            WorkerExecutor host,
            Config config,
            String databaseId,
            Time time) {
        var networks = new Networks(vertx, host, config, databaseId, time);
        return host.executeBlocking(() -> Means.ofThisHost(System.getenv().getOrDefault("PATH", "")))
                .compose(means -> {
                    var choice = choose(config.network().mode(), config.addressRange(), backend, means);
                    LOG.atInfo()
                            .addKeyValue("taps", choice.taps())
                            .addKeyValue("why", choice.why())
                            .log("network chosen");
                    return choice.taps() ? networks.taps(backend, driven, means) : networks.none(driven.links());
                });
    }

    private Future<Chosen> none(Links withoutTaps) {
        var addresses = new Addresses(config.addressRangeOr(LOOPBACK_RANGE));
        return Future.succeededFuture(new Chosen(withoutTaps, addresses, List.of(), Optional.empty()));
    }

    private Future<Chosen> taps(Backend backend, Backends.Chosen driven, Means means) {
        var cidr = config.addressRangeOr(TAP_RANGE);
        var range = Range.of(cidr);
        return host.executeBlocking(() -> nameservers(means, range)).compose(nameservers -> {
            var settings = new HostNetwork.Settings(
                    config.network().bridge(),
                    range,
                    databaseId,
                    nameservers,
                    DatabaseFile.momentary(config.stateDir()),
                    backend == Backend.QEMU);
            var network = new HostNetwork(vertx, host, settings, means, driven.users(), driven.links());
            var names = means.dnsmasq().map(program -> names(program, range));
            var verticle = new NetworkVerticle(network, config.network().grants(), names, time);
            return network.raiseBridge()
                    .recover(Networks::startRefused)
                    .map(raised -> new Chosen(
                            network.taps(),
                            new Addresses(cidr, GATEWAYS),
                            List.of(network.taps()),
                            Optional.of(verticle)));
        });
    }

    private static List<String> nameservers(Means means, Range range) throws IOException {
        if (means.dnsmasq().isPresent()) {
            return List.of(range.gateway());
        }
        LOG.atWarn().log("names of VMs cannot be served: install dnsmasq-base; guests ask the host's name servers");
        return Resolvers.ofThisHost();
    }

    /** In a place where dnsmasq may look although it gives up the rights that we have. */
    private Names names(Path program, Range range) {
        var home = Files.isWritable(RUN)
                ? RUN.resolve("vmplane").resolve(databaseId).resolve("names")
                : config.stateDir()
                        .toAbsolutePath()
                        .normalize()
                        .resolve("names")
                        .resolve(databaseId);
        return new Names(
                new LaunchedProcesses(vertx, config.stateDir(), home, host), host, program, home, range.gateway());
    }

    private static <T> Future<T> startRefused(Throwable cause) {
        return Future.failedFuture(cause instanceof HostException ? refused(cause.getMessage()) : cause);
    }
}
