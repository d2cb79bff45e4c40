package dev.vmplane.hypervisor.simulator;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.SocketAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The guest of one simulated VM: reads its configuration disk, takes its time to boot, says on its console what the
 * real guest program says, and serves {@link GuestSite} at its own loopback address. Lives on the simulator's event
 * loop. While paused nothing of it happens: what falls due waits in line.
 */
final class SimulatedGuest {
    private static final String SPEAKER = "vmplane-guest: ";
    private static final int MAX_HELD = 1024;

    private final Vertx vertx;
    private final WorkerExecutor files;
    private final GuestConsole console;
    private final Set<SocketAddress> taken;
    private final Host host;
    private final List<Long> timers = new ArrayList<>();
    private final Deque<Runnable> held = new ArrayDeque<>();
    private Future<HttpServer> server = Future.failedFuture("its program has not started");
    private SocketAddress address;
    private Map<String, String> env = Map.of();
    private GuestNotes told;
    private Set<Runnable> visits = Set.of();
    private boolean started;
    private boolean paused;
    private boolean gone;

    SimulatedGuest(Vertx vertx, WorkerExecutor files, GuestConsole console, Set<SocketAddress> taken, Host host) {
        this.vertx = vertx;
        this.files = files;
        this.console = console;
        this.taken = taken;
        this.host = host;
    }

    /** What the guest needs of the VM around it. */
    interface Host {
        /** How to behave now. */
        Behaviour behaviour();

        /** Told once, what the guest's environment says about that. */
        void environmentSets(JsonObject settings);

        /** Told when somebody in the guest has been asked to end it. */
        void guestAsked();

        /** Told once, when the guest has switched its machine off. */
        void guestEnded();

        /** Told once, when the guest has reset its machine. */
        void guestReset();
    }

    void boot(Path configDisk) {
        console.print("[    0.000000] simulated kernel");
        files.executeBlocking(() -> settings(configDisk), false).onComplete(this::boot, this::cannotBoot);
    }

    void pause() {
        paused = true;
    }

    void resume() {
        paused = false;
        while (!paused && !held.isEmpty()) {
            held.removeFirst().run();
        }
    }

    /** Ends as a guest does that was told to by {@code status}: says goodbye, and takes its hypervisor with it. */
    void exit(int status) {
        end(() -> console.print(SPEAKER + "exit status=" + status));
    }

    /** Stops without a word, because the machine under it is gone. */
    Future<Void> vanish() {
        gone = true;
        held.clear();
        timers.forEach(vertx::cancelTimer);
        List.copyOf(visits).forEach(Runnable::run);
        return server.compose(listening -> listening.close().onComplete(closed -> taken.remove(address)))
                .otherwiseEmpty();
    }

    /** Runs {@code event} now, or when the guest is resumed; a guest that holds too many drops the newest. */
    void whenAwake(Runnable event) {
        if (gone) {
            return;
        }
        if (!paused) {
            event.run();
        } else if (held.size() < MAX_HELD) {
            held.addLast(event);
        }
    }

    /** Whether its agent listens. */
    boolean hasAgent() {
        return started && !gone && !host.behaviour().noAgent();
    }

    /** Somebody speaks with its agent: {@code hangUp} is what becomes of that when the machine is gone. */
    void visited(Runnable hangUp) {
        visits = visits.isEmpty() ? new HashSet<>() : visits;
        visits.add(hangUp);
    }

    void left(Runnable hangUp) {
        if (!visits.isEmpty()) {
            visits.remove(hangUp);
        }
    }

    Behaviour behaviour() {
        return host.behaviour();
    }

    Map<String, String> env() {
        return env;
    }

    /** Most guests are told nothing, and have no notes. */
    GuestNotes told() {
        if (told == null) {
            told = new GuestNotes();
        }
        return told;
    }

    void askedToEnd() {
        host.guestAsked();
    }

    private static GuestSettings settings(Path configDisk) throws IOException {
        if (configDisk == null) {
            throw new IllegalArgumentException("no configuration disk");
        }
        try (var disk = Files.newInputStream(configDisk)) {
            return GuestSettings.of(disk.readNBytes(GuestSettings.MAX_DISK_BYTES));
        }
    }

    private void boot(GuestSettings settings) {
        var environment = Behaviour.settingsIn(settings.env());
        try {
            Behaviour.of(environment);
        } catch (IllegalArgumentException badSetting) {
            cannotBoot(badSetting);
            return;
        }
        host.environmentSets(environment);
        env = settings.env();
        var bootMs = host.behaviour().bootMs();
        after(bootMs, () -> startProgram(settings, bootMs));
    }

    private void startProgram(GuestSettings settings, long bootMs) {
        if (settings.address() == null) {
            started(host.behaviour(), bootMs);
            return;
        }
        server = listen(settings);
        server.onComplete(listening -> started(host.behaviour(), bootMs), cause -> {
            console.print(SPEAKER + "cannot listen: " + cause.getMessage());
            exit(1);
        });
    }

    private void started(Behaviour behaviour, long bootMs) {
        if (gone) {
            return;
        }
        started = true;
        console.print(SPEAKER + "started pid=1 uptime_ms=" + bootMs);
        if (behaviour.exitAfterMs() > 0) {
            after(behaviour.exitAfterMs(), () -> exit(behaviour.exitStatus()));
        }
        if (behaviour.crashAfterMs() > 0) {
            after(behaviour.crashAfterMs(), this::crash);
        }
    }

    /** Two servers of one Vert.x at one address would not collide but share the connections, so they are kept apart. */
    private Future<HttpServer> listen(GuestSettings settings) {
        var wanted = SocketAddress.inetSocketAddress(settings.port(), settings.address());
        if (!taken.add(wanted)) {
            return Future.failedFuture("another guest listens at " + wanted);
        }
        address = wanted;
        var site = new GuestSite(settings, this);
        return vertx.createHttpServer(GuestSite.LIMITS)
                .requestHandler(site)
                .listen(wanted)
                .onFailure(cause -> taken.remove(wanted));
    }

    /** Runs {@code event} in a while, if the guest is still there and awake. */
    void after(long delayMs, Runnable event) {
        timers.add(vertx.setTimer(Math.max(1, delayMs), due -> whenAwake(event)));
    }

    private void cannotBoot(Throwable cause) {
        end(() -> console.print(SPEAKER + "cannot read the configuration: " + cause.getMessage()));
    }

    private void crash() {
        if (!gone) {
            gone = true;
            host.guestReset();
        }
    }

    private void end(Supplier<Future<?>> lastWords) {
        if (!gone) {
            gone = true;
            lastWords.get().onComplete(said -> host.guestEnded());
        }
    }
}
