package dev.vmplane.network;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;

import dev.vmplane.host.HostException;
import dev.vmplane.host.ProcessOrder;
import dev.vmplane.host.Processes;
import dev.vmplane.host.RunDirectory;
import dev.vmplane.host.network.Rights;
import dev.vmplane.model.ReasonCode;
import dev.vmplane.model.VmmProcess;
import io.vertx.core.Future;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.stream.Collectors;

/**
 * Answers guests' questions for names: one dnsmasq for each tenant, which knows that tenant's jobs and asks the host's own
 * servers for everything else. That one tenant cannot ask for another's names is thereby no matter of rules.
 *
 * <p>Names are in files, which dnsmasq reads again when they change. It runs as nobody, outlives the control plane like
 * a VM does, and is found again by its directory in its command line. Callers change one tenant at a time.
 */
public final class Names {
    private static final int MAX_PORT_TEXT = 8;

    private final Processes processes;
    private final WorkerExecutor worker;
    private final Path program;
    private final Path home;
    private final String gateway;
    private final Map<String, Server> servers = new HashMap<>();

    /** A dnsmasq and where it listens. */
    private record Server(VmmProcess process, int port) {}

    /**
     * Names for the guests of one gateway.
     *
     * @param processes those that have their directories in {@code home}
     * @param program dnsmasq
     */
    public Names(Processes processes, WorkerExecutor worker, Path program, Path home, String gateway) {
        this.processes = processes;
        this.worker = worker;
        this.program = program;
        this.home = home;
        this.gateway = gateway;
    }

    /** Where a tenant's questions are answered, or 0 for nowhere. */
    int port(String tenant) {
        var server = servers.get(tenant);
        return server == null ? 0 : server.port();
    }

    /**
     * Looks which servers there are: those of a former control plane at first, those still alive later. Answers the tenants
     * that have a server or files here.
     */
    Future<Set<String>> look() {
        return processes
                .running()
                .compose(running -> worker.executeBlocking(
                                () -> {
                                    var found = withPorts(running);
                                    var tenants = leftovers();
                                    tenants.addAll(found.keySet());
                                    return new Look(found, tenants);
                                },
                                false)
                        .map(look -> {
                            servers.clear();
                            servers.putAll(look.servers());
                            return look.tenants();
                        }));
    }

    private record Look(Map<String, Server> servers, Set<String> tenants) {}

    /** Sees to it that a tenant has these names, and a server that answers for them. */
    Future<Void> serve(String tenant, SortedMap<String, Set<String>> names) {
        var server = servers.get(tenant);
        var lost = server != null && server.port() == 0 ? end(tenant) : Future.<Void>succeededFuture();
        return lost.compose(ended -> worker.<Void>executeBlocking(
                        () -> {
                            write(tenant, names);
                            return null;
                        },
                        false))
                .compose(written -> servers.containsKey(tenant) ? Future.succeededFuture() : start(tenant));
    }

    /** Ends a tenant's server and removes its files. None there is success. */
    Future<Void> end(String tenant) {
        var server = servers.remove(tenant);
        var gone = server == null
                ? Future.<Void>succeededFuture()
                : processes.kill(RunDirectory.of(home, tenant), server.process());
        return gone.compose(ended -> worker.executeBlocking(
                () -> {
                    remove(home.resolve(tenant));
                    return null;
                },
                false));
    }

    /** Lets go of the servers, which go on. */
    Future<Void> close() {
        return processes.close();
    }

    private Future<Void> start(String tenant) {
        var taken = servers.values().stream().map(Server::port).collect(Collectors.toSet());
        var directory = RunDirectory.of(home, tenant);
        return worker.executeBlocking(() -> claimPort(tenant, taken), false)
                .compose(port -> processes
                        .start(new ProcessOrder(
                                directory,
                                command(tenant, port),
                                directory.path().resolve("log"),
                                List.of()))
                        .map(process -> new Server(process, port)))
                .map(server -> {
                    servers.put(tenant, server);
                    return null;
                });
    }

    /** What is not said here is dnsmasq's own default: it reads no file of the host but that with its name servers. */
    private List<String> command(String tenant, int port) {
        return List.of(
                program.toString(),
                "--keep-in-foreground",
                "--conf-file=/dev/null",
                "--pid-file=",
                "--log-facility=-",
                "--user=nobody",
                "--no-hosts",
                "--hostsdir=" + hosts(tenant),
                "--local=/internal/",
                "--listen-address=" + gateway,
                "--bind-interfaces",
                "--port=" + port);
    }

    private Path hosts(String tenant) {
        return home.resolve(tenant).resolve("hosts");
    }

    private Path portFile(String tenant) {
        return home.resolve(tenant).resolve("port");
    }

    /** The names are put in place whole: dnsmasq never reads half of them. */
    private void write(String tenant, SortedMap<String, Set<String>> names) throws IOException {
        var directory = hosts(tenant);
        Files.createDirectories(
                directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
        var text = new StringBuilder();
        names.forEach((job, addresses) -> addresses.forEach(
                address -> text.append(address).append(' ').append(job).append(".internal\n")));
        var file = directory.resolve("names");
        if (Files.exists(file) && Files.readString(file, US_ASCII).contentEquals(text)) {
            return;
        }
        var unfinished = home.resolve(tenant).resolve("hosts.new");
        Files.writeString(unfinished, text, US_ASCII);
        Files.move(unfinished, file, ATOMIC_MOVE);
    }

    private int claimPort(String tenant, Set<Integer> taken) throws IOException {
        for (int port = Rights.FIRST_RESOLVER_PORT; port <= Rights.LAST_RESOLVER_PORT; port++) {
            if (!taken.contains(port) && free(port)) {
                Files.writeString(portFile(tenant), Integer.toString(port), US_ASCII);
                return port;
            }
        }
        throw new HostException(
                ReasonCode.NETWORK_FAILED, "names of tenant " + tenant + " cannot be served: no port is free", null);
    }

    private boolean free(int port) throws IOException {
        var address = InetAddress.getByName(gateway);
        try (var tcp = new ServerSocket(port, 1, address);
                var udp = new DatagramSocket(new InetSocketAddress(address, port))) {
            return tcp.isBound() && udp.isBound();
        } catch (java.net.BindException taken) {
            return false;
        }
    }

    private Map<String, Server> withPorts(Map<String, VmmProcess> running) throws IOException {
        var found = new HashMap<String, Server>();
        for (var entry : running.entrySet()) {
            try (var file = Files.newInputStream(portFile(entry.getKey()))) {
                var port = Integer.parseInt(new String(file.readNBytes(MAX_PORT_TEXT), US_ASCII));
                found.put(entry.getKey(), new Server(entry.getValue(), port));
            } catch (NoSuchFileException | NumberFormatException unknown) {
                // Nobody can be led to it: another takes its place.
                found.put(entry.getKey(), new Server(entry.getValue(), 0));
            }
        }
        return found;
    }

    private Set<String> leftovers() throws IOException {
        try (var entries = Files.list(home)) {
            return entries.map(entry -> entry.getFileName().toString()).collect(Collectors.toCollection(HashSet::new));
        } catch (NoSuchFileException none) {
            return new HashSet<>();
        }
    }

    private static void remove(Path directory) throws IOException {
        for (var file : List.of("hosts/names", "hosts", "hosts.new", "port", "log")) {
            Files.deleteIfExists(directory.resolve(file));
        }
        Files.deleteIfExists(directory);
    }
}
