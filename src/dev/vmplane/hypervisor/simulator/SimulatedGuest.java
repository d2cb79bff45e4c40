package dev.vmplane.hypervisor.simulator;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
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
    private HttpServer server;
    private SocketAddress listening;
    private boolean paused;
    private boolean gone;

    SimulatedGuest(Vertx vertx, WorkerExecutor files, GuestConsole console, Set<SocketAddress> taken, Host host) {
        this.taken = taken;
        this.vertx = vertx;
        this.files = files;
        this.console = console;
        this.host = host;
    }

    /** What the guest needs of the VM around it. */
    interface Host {
        /** How to behave, given what the guest's environment sets. */
        Behaviour behaviour(JsonObject environment);

        /** Told once, when the guest has ended and with it its hypervisor. */
        void guestEnded();
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
        return server == null ? Future.succeededFuture() : server.close().onComplete(closed -> taken.remove(listening));
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

    private static GuestSettings settings(Path configDisk) throws java.io.IOException {
        if (configDisk == null) {
            throw new IllegalArgumentException("no configuration disk");
        }
        try (var disk = Files.newInputStream(configDisk)) {
            return GuestSettings.of(disk.readNBytes(GuestSettings.MAX_DISK_BYTES));
        }
    }

    private void boot(GuestSettings settings) {
        Supplier<Behaviour> behaviour = () -> host.behaviour(Behaviour.settingsIn(settings.env()));
        try {
            var bootMs = behaviour.get().bootMs();
            after(bootMs, () -> startProgram(settings, behaviour, bootMs));
        } catch (IllegalArgumentException badSetting) {
            cannotBoot(badSetting);
        }
    }

    private void startProgram(GuestSettings settings, Supplier<Behaviour> behaviour, long bootMs) {
        var site = new GuestSite(settings, () -> behaviour.get().unhealthy(), this::whenAwake, this::exit);
        listen(settings, site).onComplete(listening -> started(behaviour.get(), bootMs), cause -> {
            console.print(SPEAKER + "cannot listen: " + cause.getMessage());
            exit(1);
        });
    }

    private void started(Behaviour behaviour, long bootMs) {
        if (gone) {
            vanish();
            return;
        }
        console.print(SPEAKER + "started pid=1 uptime_ms=" + bootMs);
        if (behaviour.exitAfterMs() > 0) {
            after(behaviour.exitAfterMs(), () -> exit(behaviour.exitStatus()));
        }
        if (behaviour.crashAfterMs() > 0) {
            after(behaviour.crashAfterMs(), () -> end(Future::succeededFuture));
        }
    }

    /** Two servers of one Vert.x at one address would not collide but share the connections, so they are kept apart. */
    private Future<?> listen(GuestSettings settings, GuestSite site) {
        if (settings.address() == null) {
            return Future.succeededFuture();
        }
        var wanted = SocketAddress.inetSocketAddress(settings.port(), settings.address());
        if (!taken.add(wanted)) {
            return Future.failedFuture("another guest listens at " + wanted);
        }
        listening = wanted;
        server = vertx.createHttpServer(GuestSite.LIMITS).requestHandler(site);
        return server.listen(wanted);
    }

    private void after(long delayMs, Runnable event) {
        timers.add(vertx.setTimer(Math.max(1, delayMs), due -> whenAwake(event)));
    }

    private void cannotBoot(Throwable cause) {
        end(() -> console.print(SPEAKER + "cannot read the configuration: " + cause.getMessage()));
    }

    private void end(Supplier<Future<?>> lastWords) {
        if (!gone) {
            gone = true;
            lastWords.get().onComplete(said -> host.guestEnded());
        }
    }
}
