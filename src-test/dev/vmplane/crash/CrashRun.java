package dev.vmplane.crash;

import dev.vmplane.model.CrashPoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Kills control planes: each finds what the one before left, must come to rest with it, is given writes, and is killed
 * in turn, at a random moment or at a named step. At rest, what the host holds must be what the rows say, and what was
 * acknowledged must be there.
 */
final class CrashRun implements AutoCloseable {
    private static final Duration REST_LIMIT = Duration.ofSeconds(30);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(20);

    /** Its sockets close before it is seen to be dead. */
    private static final Duration DYING_LIMIT = Duration.ofSeconds(10);

    /** How long a plane takes writes before it is killed, if its step has not come by then. */
    private static final Duration WRITING = Duration.ofMillis(1500);

    private static final int MAX_RANDOM_MS = 400;
    private static final int MAX_EARLY_MS = 1200;
    private static final int MAX_PACE_MS = 40;
    private static final int MAX_UNDER_WAY = 3;
    private static final int MAX_TIMES = 3;
    private static final int ONE_IN_EARLY = 4;
    private static final int ONE_IN_STRAY = 4;
    private static final int ONE_IN_LAUNCHER = 10;
    private static final int REPORT_EVERY = 50;

    private final long seed;
    private final Random random;
    private final Site site;
    private final Host host;
    private final Client client;
    private final Map<CrashPoint, Integer> steps = new EnumMap<>(CrashPoint.class);
    private PlaneProcess living;
    private boolean closed;
    private int kills;
    private int rests;
    private long checkedSeq;
    private String life = "";

    CrashRun(long seed, Site site) {
        this.seed = seed;
        this.random = new Random(seed);
        this.site = site;
        this.host = new Host(site);
        this.client = new Client(new Random(seed + 1));
    }

    /** Kills so many planes; fails at the first trace of one. Returns the closing line. */
    String run(int wanted) throws Exception {
        var begun = System.nanoTime();
        while (kills < wanted) {
            oneLife();
            kills++;
            if (kills % REPORT_EVERY == 0 && kills < wanted) {
                System.out.println(summary(begun));
            }
        }
        lastLife();
        System.out.println("crash: kills by step " + steps);
        return summary(begun);
    }

    private void oneLife() throws Exception {
        var step = random.nextBoolean() ? rarest() : null;
        var times = 1 + random.nextInt(MAX_TIMES);
        var early = step == null && random.nextInt(ONE_IN_EARLY) == 0;
        life = "kill " + (kills + 1) + (step == null ? " at a random moment" : " at " + step + ":" + times);
        if (random.nextInt(ONE_IN_STRAY) == 0) {
            site.leaveStray(random);
        }
        if (random.nextInt(ONE_IN_LAUNCHER) == 0) {
            host.launchers().forEach(ProcessHandle::destroyForcibly);
        }
        try (var plane = start(step == null ? "" : step + ":" + times)) {
            if (early) {
                plane.killIn(Duration.ofMillis(random.nextInt(MAX_EARLY_MS)));
            }
            var rested = comesToRest(plane);
            if (rested) {
                if (step == null && !early) {
                    plane.killIn(Duration.ofMillis(random.nextInt(MAX_RANDOM_MS)));
                }
                write(plane);
            }
            if (step != null && (!rested || !plane.alive())) {
                steps.merge(step, 1, Integer::sum);
            }
            plane.kill();
        }
    }

    private synchronized PlaneProcess start(String crashAt) throws IOException {
        if (closed) {
            throw new IllegalStateException("no more planes are started: the suite was stopped");
        }
        living = site.start(crashAt);
        return living;
    }

    /** The step that was met least often so far, or any of several. */
    private CrashPoint rarest() {
        var all = CrashPoint.values();
        var one = all[random.nextInt(all.length)];
        var other = all[random.nextInt(all.length)];
        return steps.getOrDefault(one, 0) <= steps.getOrDefault(other, 0) ? one : other;
    }

    /** The last plane is not killed: it is told to give everything back. */
    private void lastLife() throws Exception {
        life = "the last plane";
        try (var plane = start("")) {
            check(comesToRest(plane), plane, "it died");
            client.deleteEverything(plane.port());
            check(comesToRest(plane), plane, "it died");
            var left = host.found(rows());
            check(left.isEmpty(), plane, "after everything was deleted there is\n" + left);
            plane.stop();
        }
    }

    private void write(PlaneProcess plane) throws InterruptedException {
        var deadline = System.nanoTime() + WRITING.toNanos();
        while (plane.alive() && System.nanoTime() < deadline) {
            if (client.underWay() < MAX_UNDER_WAY) {
                client.write(plane.port());
                plane.diesWithin(Duration.ofMillis(random.nextInt(MAX_PACE_MS)));
            } else {
                await(CompletableFuture.anyOf(client.next(), plane.death()));
            }
        }
    }

    private static void await(CompletableFuture<?> any) throws InterruptedException {
        try {
            any.get(REST_LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException late) {
            throw new AssertionError("neither an answer nor a death came", late);
        }
    }

    /** Waits until nothing moves, then checks; false when the plane died before. */
    private boolean comesToRest(PlaneProcess plane) throws Exception {
        if (!plane.awaitReady()) {
            return false;
        }
        var deadline = System.nanoTime() + REST_LIMIT.toNanos();
        while (true) {
            try {
                if (atRest(plane)) {
                    rests++;
                    return true;
                }
            } catch (IOException cut) {
                check(plane.diesWithin(DYING_LIMIT), plane, "it does not answer: " + cut);
                return false;
            }
            if (plane.diesWithin(LOOK_AGAIN)) {
                return false;
            }
            check(System.nanoTime() < deadline, plane, () -> "it does not come to rest: " + unrest(plane));
        }
    }

    private boolean atRest(PlaneProcess plane) throws Exception {
        if (client.underWay() > 0 || !client.contented(plane.port())) {
            return false;
        }
        var rows = rows();
        if (!rows.unrest().isEmpty() || !host.tenantsWithNames().equals(host.tenantsExpected(rows))) {
            return false;
        }
        var found = host.found(rows);
        if (rows().seq() != rows.seq()) {
            return false;
        }
        var difference = found.difference(host.expected(rows));
        check(difference.isEmpty(), plane, () -> difference + "\n\nrows:\n" + rows);
        check(rows.events() == rows.seq(), plane, () -> "events are missing: " + rows.events() + " of " + rows.seq());
        var ends = Rows.endsSince(site.database(), checkedSeq);
        check(ends.isEmpty(), plane, () -> "VMs ended that should not have: " + ends);
        checkedSeq = rows.seq();
        var lost = client.lost(plane.port());
        check(lost.isEmpty(), plane, () -> "acknowledged writes were lost: " + lost);
        return true;
    }

    private Rows rows() throws SQLException {
        return Rows.read(site.database());
    }

    /** Everything that {@link #atRest} waits for, as it stands. */
    private String unrest(PlaneProcess plane) {
        try {
            var rows = rows();
            return "rows " + rows.unrest() + ", requests under way " + client.underWay() + ", wishes fulfilled "
                    + client.contented(plane.port()) + ", tenants with names " + host.tenantsWithNames() + " of "
                    + host.tenantsExpected(rows);
        } catch (Exception unknown) {
            return unknown.toString();
        }
    }

    private void check(boolean holds, PlaneProcess plane, String otherwise) {
        check(holds, plane, () -> otherwise);
    }

    private void check(boolean holds, PlaneProcess plane, Supplier<String> otherwise) {
        if (!holds) {
            throw new AssertionError("seed " + seed + ", " + life + ": " + otherwise.get() + "\n\nthe plane said:\n"
                    + String.join("\n", plane.said()));
        }
    }

    private String summary(long begun) {
        var named = steps.values().stream().mapToInt(Integer::intValue).sum();
        return "crash: %d kills (%d at %d of %d named steps), %d times at rest, %d acknowledged writes, 0 leaks, 0 lost writes, seed %d, %d s"
                .formatted(
                        kills,
                        named,
                        steps.size(),
                        CrashPoint.values().length,
                        rests,
                        client.acknowledged(),
                        seed,
                        TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun));
    }

    /** Ends the plane that lives and what VMs are left, whatever happened. */
    @Override
    public synchronized void close() {
        closed = true;
        try {
            if (living != null) {
                living.kill();
            }
            host.clear();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
