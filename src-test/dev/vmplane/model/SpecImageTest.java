package dev.vmplane.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Specs that name an image, which fills what they and their roles leave out. */
class SpecImageTest {
    private static final String REFERENCE = "docker.io/library/nginx:1.27@sha256:" + "a".repeat(64);
    private static final ImageConfig CONFIG = new ImageConfig(
            List.of("/entry.sh", "-v"),
            List.of("nginx", "-g"),
            Map.of("PATH", "/bin", "app.mode", "prod"),
            "/srv",
            "www:www",
            "SIGQUIT",
            List.of(80, 443));

    private final SpecReader reader = new SpecReader(
            new SpecReader.Defaults("vmlinux", "rootfs.ext4"),
            Map.of(
                    "nginx", Map.of("image", "nginx:1.27", "env", Map.of("ROLE", "yes")),
                    "file", Map.of("rootfs", "rootfs-web.ext4", "cmd", List.of("/app")),
                    "shell", Map.of("entrypoint", List.of("/bin/sh", "-c"))));

    @Test
    void anImageSaysAllThatASpecLeavesOut() {
        var spec = spec(Map.of("image", "nginx:1.27"));

        assertThat(spec.image()).isEqualTo(REFERENCE);
        assertThat(spec.boot().rootfs()).isEqualTo("sha256:" + "a".repeat(64));
        assertThat(spec.boot().image()).contains(spec.boot().rootfs());
        assertThat(spec.boot().program())
                .isEqualTo(new Program(
                        List.of("/entry.sh", "-v", "nginx", "-g"),
                        Map.of("PATH", "/bin", "app.mode", "prod"),
                        "www:www",
                        "/srv",
                        "SIGQUIT",
                        false));
        assertThat(spec.boot().port()).isEqualTo(80);
        assertThat(spec.boot().kernel()).isEqualTo("vmlinux");
    }

    @Test
    void aCommandFollowsTheImagesEntryPoint() {
        assertThat(cmd(Map.of("image", "nginx:1.27", "cmd", List.of("bash"))))
                .containsExactly("/entry.sh", "-v", "bash");
    }

    @Test
    void anEntryPointReplacesTheImagesAndItsCommand() {
        assertThat(cmd(Map.of("image", "nginx:1.27", "entrypoint", List.of("/bin/date"))))
                .containsExactly("/bin/date");
    }

    @Test
    void bothReplaceBoth() {
        assertThat(cmd(Map.of("image", "nginx:1.27", "entrypoint", List.of("/bin/sh"), "cmd", List.of("-c", "date"))))
                .containsExactly("/bin/sh", "-c", "date");
    }

    @Test
    void anEntryPointThatIsEmptyTakesTheImagesAway() {
        assertThat(cmd(Map.of("image", "nginx:1.27", "entrypoint", List.of(), "cmd", List.of("/app"))))
                .containsExactly("/app");
    }

    @Test
    void withoutAnImageAnEntryPointGoesBeforeTheCommand() {
        var wish = reader.read(request(Map.of("role", "shell", "cmd", List.of("date"))));

        assertThat(wish.spec().boot().program().cmd()).containsExactly("/bin/sh", "-c", "date");
    }

    @Test
    void variablesAreTakenOverByName() {
        var spec = spec(Map.of("role", "nginx", "env", Map.of("PATH", "/own", "MINE", 1)));

        assertThat(spec.boot().program().env())
                .isEqualTo(Map.of("PATH", "/own", "MINE", "1", "ROLE", "yes", "app.mode", "prod"));
    }

    @Test
    void whatTheSpecSaysItselfWins() {
        var program = spec(Map.of("image", "nginx", "user", "root", "workdir", "/", "stop_signal", "9"))
                .boot()
                .program();

        assertThat(List.of(program.user(), program.workdir(), program.stopSignal()))
                .containsExactly("root", "/", "9");
    }

    @ParameterizedTest(name = "{0}={1}: {2}")
    @CsvSource({"port, 4000, 4000", "PORT, 4001, 4001", "health, 4002, 4002", "nothing, 0, 80"})
    void thePortOfTheImageIsTheLastToBeBelieved(String where, int said, int port) {
        var spec = new LinkedHashMap<String, Object>(Map.of("image", "nginx"));
        switch (where) {
            case "port" -> spec.put("port", said);
            case "PORT" -> spec.put("env", Map.of("PORT", said));
            case "health" -> spec.put("health", Map.of("tcp", true, "port", said));
            default -> {}
        }

        assertThat(spec(spec).boot().port()).isEqualTo(port);
    }

    @Test
    void theRequestSaysWhichImageMustBeLookedUp() {
        assertThat(reader.image(request(Map.of("image", "redis")))).contains("redis");
        assertThat(reader.image(request(Map.of("role", "nginx")))).contains("nginx:1.27");
        assertThat(reader.image(request(Map.of("role", "nginx", "image", "redis"))))
                .contains("redis");
        assertThat(reader.image(request(Map.of("role", "file", "image", "redis"))))
                .contains("redis");
        assertThat(reader.image(request(Map.of("role", "nginx", "rootfs", "rootfs.ext4"))))
                .isEmpty();
        assertThat(reader.image(request(Map.of("role", "file")))).isEmpty();
    }

    @Test
    void whatIsNoRequestNamesNoImage() {
        assertThat(reader.image(Map.of())).isEmpty();
        assertThat(reader.image(Map.of("spec", "nginx"))).isEmpty();
        assertThat(reader.image(request(Map.of("image", 5)))).isEmpty();
        assertThat(reader.image(request(Map.of("role", List.of("nginx"))))).isEmpty();
    }

    @Test
    void aSpecThatBootsFromAFileLeavesItsRolesImageAlone() {
        var wish = reader.read(request(Map.of("role", "nginx", "rootfs", "rootfs.ext4", "cmd", List.of("/app"))));

        assertThat(wish.spec().image()).isNull();
        assertThat(wish.spec().boot().rootfs()).isEqualTo("rootfs.ext4");
    }

    @Test
    void anImageThatSaysNothingOfHowItIsRunNeedsACommand() {
        var silent = new ImageConfig(List.of(), List.of(), Map.of(), null, null, null, List.of());

        var refused = catchThrowableOfType(
                RefusedException.class,
                () -> reader.read(request(Map.of("image", "scratch")), new PinnedImage(REFERENCE, silent)));
        var told = reader.read(
                request(Map.of("image", "scratch", "cmd", List.of("/app"))), new PinnedImage(REFERENCE, silent));

        assertThat(refused.refusal().code()).isEqualTo("no_entrypoint");
        assertThat(refused.refusal().field()).isEqualTo("spec.cmd");
        assertThat(told.spec().boot().program()).isEqualTo(new Program(List.of("/app"), Map.of()));
    }

    @Test
    void whatAnImageSaysIsBelievedNoMoreThanAPerson() {
        var rude = new ImageConfig(List.of("/app"), List.of(), Map.of(), "srv", null, null, List.of());

        var refused = catchThrowableOfType(
                RefusedException.class,
                () -> reader.read(request(Map.of("image", "rude")), new PinnedImage(REFERENCE, rude)));

        assertThat(refused.refusal().field()).isEqualTo("spec.workdir");
    }

    @Test
    void valuesOfAWrongTypeAreRefusedWhereTheyStand() {
        for (var name : List.of("cmd", "entrypoint", "env")) {
            var refused =
                    catchThrowableOfType(RefusedException.class, () -> spec(Map.of("image", "nginx", name, "text")));

            assertThat(refused.refusal().field()).isEqualTo("spec." + name);
            assertThat(refused.refusal().code()).isEqualTo("wrong_type");
        }
    }

    @Test
    void aShownSpecMayBeSentAgainWithItsImage() {
        var spec = spec(Map.of("role", "nginx", "cmd", List.of("bash")));

        var again = reader.read(request(SpecDocument.of(spec)), new PinnedImage(REFERENCE, CONFIG));

        assertThat(again.spec()).isEqualTo(spec);
    }

    @Test
    void aRoleWithAnImageCanBeFilledFromWithoutLookingItUp() {
        reader.check("nginx", "roles.nginx");
        reader.check("shell", "roles.shell");
    }

    @Test
    void aPinnedReferenceIsANameAndADigest() {
        assertThat(PinnedImage.nameOf(REFERENCE)).isEqualTo("docker.io/library/nginx:1.27");
        assertThat(new PinnedImage(REFERENCE, CONFIG).digest()).isEqualTo("sha256:" + "a".repeat(64));
    }

    private List<String> cmd(Map<String, Object> spec) {
        return spec(spec).boot().program().cmd();
    }

    private Spec spec(Map<String, Object> spec) {
        return reader.read(request(spec), new PinnedImage(REFERENCE, CONFIG)).spec();
    }

    private static Map<String, Object> request(Map<String, Object> spec) {
        return Map.of("job_id", "web", "spec", spec);
    }
}
