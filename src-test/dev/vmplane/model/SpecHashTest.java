package dev.vmplane.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SpecHashTest {
    private static final Health HEALTH = new Health(
            Health.Kind.HTTP, "/health", 80, Duration.ofSeconds(1), Duration.ofMillis(500), Duration.ofSeconds(15));
    private static final Boot BOOT = new Boot(
            "rootfs.ext4",
            "vmlinux",
            List.of("/app", "-v"),
            Map.of("A", "1", "B", "2"),
            Resources.of(1, 256),
            List.of(),
            80,
            HEALTH);

    private static final Hooks.Hook HOOK = new Hooks.Hook("/hook", 80, Duration.ofSeconds(1));

    @Test
    void isSixtyFourHexadecimalDigits() {
        assertThat(SpecHash.of(BOOT)).matches("[0-9a-f]{64}");
    }

    @Test
    void isTheSameForEveryRelease() {
        // Rows keep hashes: a change of this value orphans every warm VM at the next start.
        assertThat(SpecHash.of(BOOT)).isEqualTo("aea21bfce58aa62b71a33250c70322f310472d9144fa1d86d257f0ae8707453f");
    }

    @Test
    void theOrderOfVariablesDoesNotMatter() {
        var forwards = new LinkedHashMap<String, String>();
        forwards.put("A", "1");
        forwards.put("B", "2");
        var backwards = new LinkedHashMap<String, String>();
        backwards.put("B", "2");
        backwards.put("A", "1");

        assertThat(SpecHash.of(withEnv(forwards))).isEqualTo(SpecHash.of(withEnv(backwards)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("changes")
    void everyPartOfABootMatters(String what, Boot changed) {
        assertThat(SpecHash.of(changed)).isNotEqualTo(SpecHash.of(BOOT));
    }

    static Stream<Arguments> changes() {
        var resources = BOOT.resources();
        return Stream.of(
                arguments("rootfs", boot("other.ext4", "vmlinux", BOOT.program().cmd(), resources, 80, HEALTH)),
                arguments("kernel", boot("rootfs.ext4", "other", BOOT.program().cmd(), resources, 80, HEALTH)),
                arguments("an argument", boot("rootfs.ext4", "vmlinux", List.of("/app", "-w"), resources, 80, HEALTH)),
                arguments("order of cmd", boot("rootfs.ext4", "vmlinux", List.of("-v", "/app"), resources, 80, HEALTH)),
                arguments("cut of cmd", boot("rootfs.ext4", "vmlinux", List.of("/app-v"), resources, 80, HEALTH)),
                arguments("a value", withEnv(Map.of("A", "1", "B", "3"))),
                arguments("a name", withEnv(Map.of("A", "1", "C", "2"))),
                arguments("a variable less", withEnv(Map.of("A", "1"))),
                arguments(
                        "vcpu", boot("rootfs.ext4", "vmlinux", BOOT.program().cmd(), Resources.of(2, 256), 80, HEALTH)),
                arguments(
                        "memory",
                        boot("rootfs.ext4", "vmlinux", BOOT.program().cmd(), Resources.of(1, 257), 80, HEALTH)),
                arguments("port", boot("rootfs.ext4", "vmlinux", BOOT.program().cmd(), resources, 81, HEALTH)),
                arguments("no health", withHealth(Health.NONE)),
                arguments("health kind", withHealth(health(Health.Kind.TCP, null, 80, 1000, 500, 15_000))),
                arguments("health path", withHealth(health(Health.Kind.HTTP, "/", 80, 1000, 500, 15_000))),
                arguments("health port", withHealth(health(Health.Kind.HTTP, "/health", 81, 1000, 500, 15_000))),
                arguments("interval", withHealth(health(Health.Kind.HTTP, "/health", 80, 1001, 500, 15_000))),
                arguments("timeout", withHealth(health(Health.Kind.HTTP, "/health", 80, 1000, 501, 15_000))),
                arguments("grace", withHealth(health(Health.Kind.HTTP, "/health", 80, 1000, 500, 15_001))),
                arguments("user", withProgram("www", null, null, false)),
                arguments("directory", withProgram(null, "/srv", null, false)),
                arguments("signal", withProgram(null, null, "SIGQUIT", false)),
                arguments("interactive", withProgram(null, null, null, true)),
                arguments(
                        "image",
                        boot(
                                "sha256:" + "a".repeat(64),
                                "vmlinux",
                                BOOT.program().cmd(),
                                resources,
                                80,
                                HEALTH)),
                arguments("warm hook", withHooks(new Hooks(HOOK, null, null))),
                arguments("attach hook", withHooks(new Hooks(null, HOOK, null))),
                arguments("drain hook", withHooks(new Hooks(null, null, HOOK))));
    }

    @Test
    void whereAHookIsMatters() {
        var hashes = Stream.of(
                        new Hooks(HOOK, null, null),
                        new Hooks(null, HOOK, null),
                        new Hooks(null, null, HOOK),
                        new Hooks(new Hooks.Hook("/other", 80, HOOK.timeout()), null, null),
                        new Hooks(new Hooks.Hook("/hook", 81, HOOK.timeout()), null, null),
                        new Hooks(new Hooks.Hook("/hook", 80, HOOK.timeout().plusMillis(1)), null, null))
                .map(hooks -> SpecHash.of(withHooks(hooks)))
                .toList();

        assertThat(hashes).doesNotHaveDuplicates();
    }

    @Test
    void whatIsNotSaidOfAProgramIsAsIfItCouldNotBeSaid() {
        var silent = withProgram(null, null, null, false);

        assertThat(SpecHash.of(silent)).isEqualTo(SpecHash.of(BOOT));
    }

    @Test
    void nothingElseOfASpecMatters() {
        var reader = new SpecReader(
                new SpecReader.Defaults("vmlinux", "rootfs.ext4"), Map.of("web", Map.of("cmd", List.of("/app"))));
        var plain = Map.<String, Object>of("cmd", List.of("/app"));
        var dressed = Map.<String, Object>of(
                "role",
                "web",
                "warm_pool",
                Map.of("min", 1, "max", 3, "mode", "paused"),
                "attach_env",
                Map.of("SHOP", "7"),
                "restart",
                Map.of("policy", "never", "max_attempts", 2),
                "replicas",
                7,
                "host",
                "shop.example.org",
                "labels",
                Map.of("team", "billing"));

        var first = reader.read(Map.of("job_id", "a", "spec", plain)).spec();
        var second = reader.read(Map.of("job_id", "b", "spec", dressed)).spec();

        assertThat(SpecHash.of(second.boot())).isEqualTo(SpecHash.of(first.boot()));
    }

    private static Boot withEnv(Map<String, String> env) {
        return new Boot("rootfs.ext4", "vmlinux", BOOT.program().cmd(), env, BOOT.resources(), List.of(), 80, HEALTH);
    }

    private static Boot withProgram(String user, String workdir, String signal, boolean interactive) {
        var program = new Program(BOOT.program().cmd(), BOOT.program().env(), user, workdir, signal, interactive);
        return new Boot(
                BOOT.rootfs(), BOOT.kernel(), program, BOOT.resources(), List.of(), 80, HEALTH, Hooks.NONE, null);
    }

    private static Boot withHooks(Hooks hooks) {
        return new Boot(
                BOOT.rootfs(), BOOT.kernel(), BOOT.program(), BOOT.resources(), List.of(), 80, HEALTH, hooks, null);
    }

    private static Boot withHealth(Health health) {
        return boot("rootfs.ext4", "vmlinux", BOOT.program().cmd(), BOOT.resources(), 80, health);
    }

    private static Boot boot(
            String rootfs, String kernel, List<String> cmd, Resources resources, int port, Health health) {
        return new Boot(rootfs, kernel, cmd, BOOT.program().env(), resources, List.of(), port, health);
    }

    private static Health health(Health.Kind kind, String path, int port, int interval, int timeout, int grace) {
        return new Health(
                kind, path, port, Duration.ofMillis(interval), Duration.ofMillis(timeout), Duration.ofMillis(grace));
    }
}
