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
    private static final String[] USERS = {null, "www", "1000", "www:staff", "1000:50"};
    private static final String[] SIGNALS = {null, "SIGQUIT", "TERM", "3", "SIGRTMIN+3"};

    /** Whose pools are those that are one tenant's alone. */
    static final String TENANT = "red";

    private final Random random;

    RandomSpecs(long seed) {
        this.random = new Random(seed);
    }

    Spec next() {
        var lifecycle = one(Lifecycle.values());
        var boot = boot();
        var shared = boot.volumes().isEmpty();
        var max = lifecycle == Lifecycle.JOB || !shared ? 0 : random.nextInt(1001);
        var pool = new WarmPool(random.nextInt(max + 1), max, one(WarmPool.Mode.values()));
        var image = boot.image().map(digest -> "registry.example/" + random.nextInt(100) + ":1@" + digest);
        return new Spec(
                random.nextBoolean() ? null : "web",
                image.orElse(null),
                boot,
                lifecycle,
                pool,
                new Restart(one(Restart.Policy.values()), random.nextInt(1001)),
                lifecycle == Lifecycle.JOB ? new Completion(seconds(), seconds()) : Completion.OPEN,
                random.nextInt(shared ? 101 : 2),
                random.nextBoolean() ? null : "shop-" + random.nextInt(1000) + ".example.org",
                List.of(),
                random.nextBoolean() ? Map.of() : Map.of("SHOP", text()),
                Map.of("team", text()));
    }

    private Duration seconds() {
        return random.nextBoolean() ? null : Duration.ofSeconds(1 + random.nextInt(1000));
    }

    private Boot boot() {
        return new Boot(
                random.nextBoolean() ? "rootfs-" + random.nextInt(10) + ".ext4" : digest(),
                "vmlinux-" + random.nextInt(10),
                program(),
                Resources.of(1 + random.nextInt(32), 64 + random.nextInt(10_000)),
                volumes(),
                port(),
                health(),
                new Hooks(hook(), hook(), hook()),
                random.nextBoolean() ? null : TENANT);
    }

    private String digest() {
        return "sha256:" + Integer.toHexString(random.nextInt(16)).repeat(64);
    }

    private Program program() {
        var cmd = new ArrayList<>(List.of("/bin/app"));
        var env = new TreeMap<String, String>();
        for (int count = random.nextInt(5); count > 0; count--) {
            cmd.add(text());
            env.put("name." + random.nextInt(100), text());
        }
        return new Program(
                cmd,
                env,
                one(USERS),
                random.nextBoolean() ? null : "/srv/" + random.nextInt(10),
                one(SIGNALS),
                random.nextBoolean());
    }

    private Hooks.Hook hook() {
        return random.nextBoolean()
                ? null
                : new Hooks.Hook("/hook/" + random.nextInt(), port(), Duration.ofMillis(10 + random.nextInt(100_000)));
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
