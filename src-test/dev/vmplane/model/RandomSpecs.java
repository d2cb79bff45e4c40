package dev.vmplane.model;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Valid specs of every shape, the same for the same seed. */
final class RandomSpecs {
    private final Random random;

    RandomSpecs(long seed) {
        this.random = new Random(seed);
    }

    Spec next() {
        var lifecycle = one(Lifecycle.values());
        var boot = boot();
        var shared = boot.volumes().isEmpty();
        var max = lifecycle == Lifecycle.JOB || !shared ? 0 : random.nextInt(1001);
        return new Spec(
                random.nextBoolean() ? null : "web",
                boot,
                lifecycle,
                new WarmPool(random.nextInt(max + 1), max),
                new Restart(one(Restart.Policy.values()), random.nextInt(1001)),
                random.nextInt(shared ? 101 : 2),
                random.nextBoolean() ? null : "shop-" + random.nextInt(1000) + ".example.org",
                List.of(),
                Map.of("team", text()));
    }

    private Boot boot() {
        var cmd = new ArrayList<>(List.of("/bin/app"));
        var env = new TreeMap<String, String>();
        for (int count = random.nextInt(5); count > 0; count--) {
            cmd.add(text());
            env.put("NAME_" + random.nextInt(100), text());
        }
        return new Boot(
                "rootfs-" + random.nextInt(10) + ".ext4",
                "vmlinux-" + random.nextInt(10),
                cmd,
                env,
                Resources.of(1 + random.nextInt(32), 64 + random.nextInt(10_000)),
                volumes(),
                port(),
                health());
    }

    private List<VolumeMount> volumes() {
        return IntStream.range(0, random.nextInt(3))
                .mapToObj(n -> new VolumeMount("volume-" + n, "/mnt/" + n, 16 + random.nextInt(1000)))
                .toList();
    }

    private Health health() {
        var interval = Duration.ofMillis(100 + random.nextInt(10_000));
        var timeout = Duration.ofMillis(10 + random.nextInt((int) interval.toMillis() - 9));
        var grace = Duration.ofMillis(100 + random.nextInt(100_000));
        return switch (one(Health.Kind.values())) {
            case HTTP -> new Health(Health.Kind.HTTP, "/check/" + random.nextInt(), port(), interval, timeout, grace);
            case TCP -> new Health(Health.Kind.TCP, null, port(), interval, timeout, grace);
            case NONE -> Health.NONE;
        };
    }

    private int port() {
        return 1 + random.nextInt(65535);
    }

    /** Any characters a program may be given, the ones JSON escapes and those beyond 16 bits among them. */
    private String text() {
        var alphabet = "aZ09 \"\\/=äß€\u2028😀'{}:,#";
        return random.ints(random.nextInt(12), 0, alphabet.codePointCount(0, alphabet.length()))
                .map(index -> alphabet.codePointAt(alphabet.offsetByCodePoints(0, index)))
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    private <T> T one(T[] values) {
        return values[random.nextInt(values.length)];
    }
}
