package dev.vmplane.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.model.ImageConfig;
import dev.vmplane.model.Lifecycle;
import dev.vmplane.model.PinnedImage;
import dev.vmplane.model.Spec;
import dev.vmplane.model.SpecReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The specs that the words of {@code run} are written as, which the server's own reader must understand. */
class RunSpecTest {
    private static final SpecReader READER = new SpecReader(new SpecReader.Defaults("vmlinux", "base.ext4"), Map.of());

    @Test
    void everythingThatCanBeSaidIsUnderstoodByTheServer(@TempDir Path dir) throws IOException {
        var file = Files.writeString(dir.resolve("env"), "# of the file\n\nA=file\nB=file\nHERE\n");
        var spec = spec(
                List.of(80),
                "-e A=1 --env-file " + file
                        + " -p 8080:81 -m 512m --cpus 2 --disk 2g -v data:/var/data:4g -u www -w /srv"
                        + " --entrypoint /entry --label team=web -l plain --host shop.example.org --health http:/up",
                "arg");

        assertThat(spec)
                .containsEntry("env", Map.of("A", "1", "B", "file", "HERE", "here"))
                .containsEntry("resources", Map.of("vcpu", 2, "mem_mb", 512, "disk_mb", 2048))
                .containsEntry("volumes", List.of(Map.of("name", "data", "mount", "/var/data", "size_mb", 4096)));
        var read = read(spec);
        assertThat(read.lifecycle()).isEqualTo(Lifecycle.SERVICE);
        assertThat(read.boot().program().cmd()).containsExactly("/entry", "arg");
        assertThat(read.boot().port()).isEqualTo(81);
        assertThat(read.labels()).containsEntry("team", "web").containsEntry("plain", "");
    }

    @Test
    void aServiceCanHaveReplicasAndWarmVms() {
        var read = read(spec(List.of(80), "--replicas 3 --warm 1:2"));

        assertThat(read.replicas()).isEqualTo(3);
        assertThat(read.warmPool().max()).isEqualTo(2);
        assertThat(read.boot().port()).isEqualTo(80);
    }

    @Test
    void aJobIsTriedOnceAndForgottenIfItWasToBeRemoved() {
        var read = read(spec(List.of(), "--rm --timeout 10m"));

        assertThat(read.lifecycle()).isEqualTo(Lifecycle.JOB);
        assertThat(read.restart().policy()).hasToString("NEVER");
        assertThat(read.completion().timeout()).hasMinutes(10);
        assertThat(read.completion().timeToLive()).hasMinutes(10);
    }

    @Test
    void anotherCommandThanTheImagesIsAJobWhateverTheImageExposes() {
        assertThat(spec(List.of(80), "--rm", "/bin/task", "--fast")).containsEntry("lifecycle", "job");
        assertThat(spec(List.of(80), "--rm --entrypoint /bin/task")).containsEntry("lifecycle", "job");
    }

    @Test
    void whatWaitsForATerminalIsNoServiceUnlessItWasToldAPort() {
        var waiting = read(spec(List.of(80), "-it"));
        var served = read(spec(List.of(80), "-it -p 80"));

        assertThat(waiting.lifecycle()).isEqualTo(Lifecycle.JOB);
        assertThat(waiting.boot().program().interactive()).isTrue();
        assertThat(served.lifecycle()).isEqualTo(Lifecycle.SERVICE);
        assertThat(served.boot().health().kind()).hasToString("NONE");
    }

    @Test
    void anEmptyEntryPointLeavesTheCommandAlone() {
        var spec = written(List.of(), "--entrypoint", "", "web:1", "/bin/sh");

        assertThat(read(spec).boot().program().cmd()).containsExactly("/bin/sh");
    }

    private static Spec read(Map<String, Object> spec) {
        var config = new ImageConfig(List.of("/of-image"), List.of(), Map.of(), null, null, null, List.of(80));
        return READER.read(
                        Map.of("job_id", "task", "spec", spec),
                        new PinnedImage("docker.io/library/web:1@sha256:" + "ab".repeat(32), config))
                .spec();
    }

    private static Map<String, Object> spec(List<Integer> exposed, String options, String... cmd) {
        return written(exposed, (options + " web:1 " + String.join(" ", cmd)).split(" "));
    }

    private static Map<String, Object> written(List<Integer> exposed, String... written) {
        var words = new Words();
        new CommandLine(words).setStopAtPositional(true).parseArgs(written);
        return RunSpec.of(
                words.options, "web:1", exposed, words.rest.subList(1, words.rest.size()), Map.of("HERE", "here"));
    }

    @Command
    private static final class Words {
        @CommandLine.Mixin
        private RunOptions options;

        @CommandLine.Parameters
        private List<String> rest = List.of();
    }
}
