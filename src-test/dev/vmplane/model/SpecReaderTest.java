package dev.vmplane.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpecReaderTest {
    private static final Map<String, Object> WEB = Map.of(
            "rootfs", "rootfs-web.ext4",
            "cmd", List.of("/app/bin/server", "--verbose"),
            "env", Map.of("PORT", 8080, "LANG", "C"),
            "resources", Map.of("vcpu", 2, "mem_mb", 128),
            "health", Map.of("http", "/health", "interval_ms", 2000),
            "warm_pool", Map.of("min", 1, "max", 3));

    private final SpecReader reader =
            new SpecReader(new SpecReader.Defaults("vmlinux", "rootfs.ext4"), Map.of("web", WEB));

    @Test
    void theFirstExampleNeedsOnlyItsRole() {
        var wish = reader.read(Map.of(
                "job_id", "j3",
                "tenant", "j3",
                "spec",
                        Map.of(
                                "role", "web",
                                "cmd", List.of("/app/bin/server"),
                                "env", Map.of("PORT", 4000, "SECRET_KEY_BASE", "xxx..."))));

        var health = new Health(
                Health.Kind.HTTP,
                "/health",
                4000,
                Duration.ofSeconds(2),
                Duration.ofMillis(500),
                Duration.ofSeconds(15));
        var boot = new Boot(
                "rootfs-web.ext4",
                "vmlinux",
                List.of("/app/bin/server"),
                Map.of("LANG", "C", "PORT", "4000", "SECRET_KEY_BASE", "xxx..."),
                Resources.of(2, 128),
                List.of(),
                4000,
                health);
        assertThat(wish)
                .isEqualTo(new Wish(
                        "j3",
                        "j3",
                        new Spec(
                                "web",
                                boot,
                                Lifecycle.SERVICE,
                                new WarmPool(1, 3),
                                new Restart(Restart.Policy.ALWAYS, 0),
                                1,
                                null,
                                List.of(),
                                Map.of())));
    }

    @Test
    void aSpecOfACommandAloneIsFilledByTheServer() {
        var spec = spec(Map.of("cmd", List.of("/bin/app")));

        assertThat(spec.boot().kernel()).isEqualTo("vmlinux");
        assertThat(spec.boot().rootfs()).isEqualTo("rootfs.ext4");
        assertThat(spec.boot().resources()).isEqualTo(Resources.of(1, 256));
        assertThat(spec.boot().port()).isEqualTo(8080);
        assertThat(spec.boot().health().kind()).isEqualTo(Health.Kind.TCP);
        assertThat(spec.boot().health().port()).isEqualTo(8080);
        assertThat(spec.warmPool()).isEqualTo(WarmPool.NONE);
    }

    @Test
    void theTenantIsTheJobWhenNobodySays() {
        var wish = reader.read(Map.of("job_id", "web-1", "spec", Map.of("role", "web")));

        assertThat(wish.tenant()).isEqualTo("web-1");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "service, always,     TCP",
        "daemon,  always,     NONE",
        "job,     on_failure, NONE",
    })
    void theLifecycleDecidesWhatIsUsual(String lifecycle, String restart, Health.Kind health) {
        var spec = spec(Map.of("cmd", List.of("/bin/app"), "lifecycle", lifecycle));

        assertThat(spec.restart().policy().name()).isEqualToIgnoringCase(restart);
        assertThat(spec.boot().health().kind()).isEqualTo(health);
    }

    @Test
    void theWrittenPortWinsOverTheToldOne() {
        var spec = spec(Map.of("cmd", List.of("/bin/app"), "port", 1, "env", Map.of("PORT", "2")));

        assertThat(spec.boot().port()).isEqualTo(1);
        assertThat(spec.boot().health().port()).isEqualTo(1);
    }

    @Test
    void aHealthPortOfItsOwnIsKept() {
        var spec = spec(Map.of(
                "cmd", List.of("/bin/app"), "env", Map.of("PORT", "2"), "health", Map.of("tcp", true, "port", 3)));

        assertThat(spec.boot().port()).isEqualTo(2);
        assertThat(spec.boot().health().port()).isEqualTo(3);
    }

    @ParameterizedTest(name = "PORT={0}")
    @CsvSource({"unix:/run/app", "0", "65536", "99999999999", "''"})
    void aToldPortThatIsNoneIsTheGuestsOwnAffair(String told) {
        var spec = spec(Map.of(
                "cmd", List.of("/bin/app"), "env", Map.of("PORT", told), "health", Map.of("tcp", true, "port", 9000)));

        assertThat(spec.boot().port()).isEqualTo(9000);
    }

    @Test
    void aKindOfHealthCheckReplacesTheRolesKind() {
        var spec = spec(Map.of("role", "web", "health", Map.of("tcp", true)));

        assertThat(spec.boot().health().kind()).isEqualTo(Health.Kind.TCP);
        assertThat(spec.boot().health().interval()).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void noHealthCheckReplacesTheRoles() {
        var spec = spec(Map.of("role", "web", "health", "none"));

        assertThat(spec.boot().health()).isEqualTo(Health.NONE);
    }

    @Test
    void aShortIntervalShortensTheUsualTimeout() {
        var spec = spec(Map.of("cmd", List.of("/bin/app"), "health", Map.of("tcp", true, "interval_ms", 200)));

        assertThat(spec.boot().health().timeout()).isEqualTo(Duration.ofMillis(200));
    }

    @Test
    void variablesCalledLikeKindsOfHealthChecksAreLeftAlone() {
        var roles = Map.of("odd", Map.<String, Object>of("cmd", List.of("/a"), "env", Map.of("tcp", "1")));
        var odd = new SpecReader(new SpecReader.Defaults("vmlinux", "rootfs.ext4"), roles);

        var wish = odd.read(Map.of("job_id", "a", "spec", Map.of("role", "odd", "env", Map.of("http", "2"))));

        assertThat(wish.spec().boot().program().env()).isEqualTo(Map.of("tcp", "1", "http", "2"));
    }

    @Test
    void numbersAndBooleansBecomeText() {
        var spec = spec(Map.of("cmd", List.of("/bin/sleep", 5), "env", Map.of("A", 1, "B", true, "C", 1.5)));

        assertThat(spec.boot().program().cmd()).containsExactly("/bin/sleep", "5");
        assertThat(spec.boot().program().env()).isEqualTo(Map.of("A", "1", "B", "true", "C", "1.5"));
    }

    @Test
    void aHostIsKeptInLowerCase() {
        var spec = spec(Map.of("cmd", List.of("/bin/app"), "host", "Shop.Example.ORG"));

        assertThat(spec.host()).isEqualTo("shop.example.org");
    }

    private Spec spec(Map<String, Object> spec) {
        return reader.read(Map.of("job_id", "web-1", "spec", spec)).spec();
    }
}
