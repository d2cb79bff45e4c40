package dev.vmplane.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The commands about images and kernels, against a server that answers as the test says. */
@Timeout(30)
class ImageCommandsTest {
    private static final String DIGEST = "sha256:" + "ab".repeat(32);
    private static final String READY = "{'digest':'" + DIGEST + "','references':['docker.io/library/web:1'],"
            + "'state':'ready','bytes':58720256,'created_at':'2026-01-02T02:59:05Z','jobs':['web-1'],'vms':[]}";

    private final ScriptedServer server = new ScriptedServer();
    private final CommandRig rig = new CommandRig(server);

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void aPullAsksTheRegistryAndEndsWhenTheImageIsReady() {
        server.answers("POST /images", 202, pulling(0)).answers("GET /images/" + escaped(DIGEST), 200, READY);

        assertThat(rig.run("image", "pull", "web:1")).isZero();
        assertThat(server.asked().get(0)).contains("\"image\":\"web:1\"", "\"fresh\":true");
        assertThat(rig.out()).isEqualTo(DIGEST + "\n");
        assertThat(rig.err()).isEqualTo("web:1: 0%  0 B of 100 MiB, 0 of 3 layers\nweb:1 is here, 56.0 MiB\n");
    }

    @Test
    void aTerminalIsShownABar() {
        rig.at(new Surroundings.Terminals(false, false, true));
        server.answers("POST /images", 202, pulling(52428800)).answers("GET /images/" + escaped(DIGEST), 200, READY);

        assertThat(rig.run("image", "pull", "web:1")).isZero();
        assertThat(rig.err())
                .contains("\r\u001b[Kweb:1  [===============>              ]  50%  50.0 MiB of 100 MiB, 1 of 3 layers")
                .endsWith("\r\u001b[Kweb:1 is here, 56.0 MiB\n");
    }

    @Test
    void aPullThatFailsSaysWhy() {
        server.answers("POST /images", 202, pulling(0))
                .answers(
                        "GET /images/" + escaped(DIGEST),
                        200,
                        "{'digest':'" + DIGEST + "','state':'failed','detail':'layer 2 has another digest'}");

        assertThat(rig.run("image", "pull", "web:1")).isEqualTo(1);
        assertThat(rig.err()).endsWith("vmplane: image web:1 cannot be had: layer 2 has another digest\n");
        assertThat(rig.out()).isEmpty();
    }

    @Test
    void imagesAreListedByNameOverAllPages() {
        server.answers("GET /images", 200, "{'items':[" + READY + "],'next':'a b'}")
                .answers(
                        "GET /images?after=a%20b",
                        200,
                        "{'items':[{'digest':'" + DIGEST + "','references':[],'state':'pulling',"
                                + "'progress':{'bytes':1,'all_bytes':4,'layers':0,'all_layers':1}}],'next':null}");

        assertThat(rig.run("image", "ls")).isZero();
        assertThat(rig.out()).isEqualTo("""
                        NAME                      DIGEST                STATE         SIZE       AGE   USED BY
                        docker.io/library/web:1   sha256:abababababab   ready         56.0 MiB   5m    web-1
                        <none>                    sha256:abababababab   pulling 25%
                        """);
    }

    @Test
    void whatCannotBeRemovedKeepsNothingElseFromGoing() {
        server.refuses("DELETE /images/web%3A1", 409, "image_in_use", "image web:1 cannot be removed: job web-1 has it")
                .answers("DELETE /images/web%3A2", 204, "");

        assertThat(rig.run("image", "rm", "web:1", "web:2")).isEqualTo(1);
        assertThat(rig.out()).isEqualTo("web:2\n");
        assertThat(rig.err()).isEqualTo("vmplane: image web:1 cannot be removed: job web-1 has it\n");
    }

    @Test
    void nothingIsPrunedWithoutConsent() {
        assertThat(rig.run("image", "prune")).isEqualTo(1);
        rig.at(new Surroundings.Terminals(true, true, true)).typing("\n");
        assertThat(rig.run("image", "prune")).isEqualTo(1);
        assertThat(server.asked()).isEmpty();
    }

    @Test
    void whatWasPrunedIsNamed() {
        rig.at(new Surroundings.Terminals(true, true, true)).typing("y\n");
        server.answers("POST /images/prune", 200, "{'digests':['" + DIGEST + "'],'bytes':1048576}");

        assertThat(rig.run("image", "prune")).isZero();
        assertThat(rig.out()).isEqualTo(DIGEST + "\n");
        assertThat(rig.err()).endsWith("freed 1.0 MiB\n");
    }

    @Test
    void anArchiveIsSentUnderALocalName(@TempDir Path dir) throws IOException {
        var archive = Files.writeString(dir.resolve("app.tar"), "an archive");
        server.answers("POST /images/load?name=localhost%2Fapp%3A1", 202, READY);

        assertThat(rig.run("image", "load", "-t", "app:1", archive.toString())).isZero();
        assertThat(server.asked()).containsExactly("POST /images/load?name=localhost%2Fapp%3A1 an archive");
        assertThat(rig.out()).isEqualTo(DIGEST + "\n");
    }

    @Test
    void anArchiveCanComeFromAPipe() {
        rig.typing("piped");
        server.answers("POST /images/load?name=localhost%2Fapp", 202, READY);

        assertThat(rig.run("image", "load", "-t", "localhost/app", "-")).isZero();
        assertThat(server.asked()).containsExactly("POST /images/load?name=localhost%2Fapp piped");
    }

    @Test
    void theReasonOfARefusedArchiveIsTold(@TempDir Path dir) throws IOException {
        var archive = Files.writeString(dir.resolve("app.tar"), "no archive");
        server.refuses("POST /images/load?name=localhost%2Fapp", 422, "bad_archive", "it is no archive");

        assertThat(rig.run("image", "load", "-t", "app", archive.toString())).isEqualTo(1);
        assertThat(rig.err()).isEqualTo("vmplane: it is no archive\n");
    }

    @Test
    void whatIsMadeHereCannotHaveTheNameOfARegistry() {
        assertThat(rig.run("image", "load", "-t", "quay.io/app", "-")).isEqualTo(1);
        assertThat(rig.err()).contains("'quay.io/app'", "quay.io is a registry");
    }

    @Test
    void aBuildIsBuildahsAndItsResultIsSent(@TempDir Path dir) throws IOException {
        buildah(
                dir,
                "echo \"$@\" >>" + dir.resolve("calls"),
                "[ $1 = build ] && echo 1234 >\"$3\"",
                "[ $1 = build ] || echo built >\"${4#oci-archive:}\"");
        server.answers("POST /images/load?name=localhost%2Fapp%3A1", 202, READY);

        assertThat(rig.run("image", "build", "-t", "app:1", "-f", "Recipe", "--build-arg", "A=1", dir.toString()))
                .isZero();
        assertThat(Files.readString(dir.resolve("calls")))
                .containsPattern("build --iidfile \\S+ --tag localhost/app:1 --file Recipe --build-arg A=1 " + dir)
                .containsPattern("push --quiet 1234 oci-archive:\\S+");
        assertThat(server.asked()).containsExactly("POST /images/load?name=localhost%2Fapp%3A1 built\n");
    }

    @Test
    void aBuildThatFailsSendsNothing(@TempDir Path dir) throws IOException {
        buildah(dir, "exit 3");

        assertThat(rig.run("image", "build", "-t", "app", dir.toString())).isEqualTo(1);
        assertThat(rig.err()).contains("buildah build ended with status 3");
        assertThat(server.asked()).isEmpty();
    }

    @Test
    void withoutBuildahTheLineToTypeIsTold(@TempDir Path dir) {
        rig.with("PATH", dir.toString());

        assertThat(rig.run("image", "build", "-t", "app", dir.toString())).isEqualTo(1);
        assertThat(rig.err()).contains("there is no buildah on the PATH", "apt-get install buildah");
    }

    @Test
    void kernelsAreListed() {
        server.answers(
                "GET /kernels",
                200,
                "{'items':[{'name':'vmlinux','format':'elf','version':'6.1.0-1','bytes':30000000,'initramfs':true,"
                        + "'modified_at':'2026-01-01T03:04:05Z'}]}");

        assertThat(rig.run("kernel", "ls")).isZero();
        assertThat(rig.out()).isEqualTo("""
                        NAME      VERSION   FORMAT   SIZE       AGE   INITRAMFS
                        vmlinux   6.1.0-1   elf      28.6 MiB   1d    yes
                        """);
    }

    private void buildah(Path dir, String... lines) throws IOException {
        var program =
                Files.write(dir.resolve("buildah"), ("#!/bin/sh\n" + String.join("\n", lines) + "\n").getBytes(UTF_8));
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        rig.with("PATH", dir.toString());
    }

    private static String pulling(long bytes) {
        return "{'digest':'" + DIGEST + "','state':'pulling','progress':{'bytes':" + bytes
                + ",'all_bytes':104857600,'layers':" + (bytes > 0 ? 1 : 0) + ",'all_layers':3}}";
    }

    private static String escaped(String text) {
        return ApiClient.escaped(text);
    }
}
