package dev.vmplane.host;

import static dev.vmplane.host.HostRig.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmplane.model.VmmProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The launcher itself: that there is one, whom it listens to, whom it kills, and when it goes. */
final class LauncherTest {
    private HostRig host;
    private RunDirectory directory;

    @BeforeEach
    void open() throws IOException {
        host = new HostRig();
        directory = host.directory("vm-1");
    }

    @AfterEach
    void close() throws IOException {
        host.close();
    }

    @Test
    void thereIsOneForAStateDirectory() throws IOException {
        var first = host.startIdle(directory);
        var another = host.launched();
        var second = host.startIdle(host.directory("vm-2"), another);

        assertThat(parent(first)).isEqualTo(parent(second));
        await(another.close());
    }

    @Test
    void onlyItsOwnerMayTalkToIt() throws IOException {
        host.startIdle(directory);

        assertThat(PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(host.stateDir().resolve("launcher.sock"))))
                .isEqualTo("rw-------");
    }

    @Test
    void itHoldsNothingOfWhoStartedIt() throws IOException {
        var launcher = parent(host.startIdle(directory));

        assertThat(Files.readString(Path.of("/proc/" + launcher + "/environ"))).matches("PATH=[^\0]*\0");
        assertThat(ProcessStat.parse(Files.readString(Path.of("/proc/" + launcher + "/stat")))
                        .session())
                .isEqualTo(ProcessEntry.of(launcher).isPresent() ? launcher : -1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.1\r\n\r\n",
                "\0\0\0\0",
                "\0\0\0\2ab",
                "\0\0\0\4\61\0x\0",
                "\0\0\0\10\61\0hello\0\0\0\0\13\61\0kill\0-1\0\61\0",
                "\0\0\0\2\61\0"
            })
    void whoBreaksTheFormIsOutOfTheConversationAlone(String garbage) throws IOException {
        var process = host.startIdle(directory);
        var ended = host.processes.ended(process);
        try (var other = host.rawLauncher();
                var stranger = host.rawLauncher()) {
            stranger.say(garbage.getBytes(UTF_8));
            stranger.drain();

            assertThat(other.pid()).isEqualTo(parent(process));
        }
        await(host.processes.kill(directory, process));
        assertThat(await(ended)).isEqualTo(new ProcessEnd(null, 9));
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void noiseDoesNotStopIt(long seed) throws IOException {
        var process = host.startIdle(directory);
        var random = new Random(seed);
        for (int round = 0; round < 50; round++) {
            var noise = new byte[1 + random.nextInt(4_000)];
            random.nextBytes(noise);
            noise[0] = (byte) (1 + random.nextInt(127));
            try (var stranger = host.rawLauncher()) {
                stranger.say(noise);
                stranger.drain();
            }
        }

        await(host.processes.kill(directory, process));
        assertThat(await(host.processes.ended(process))).isEqualTo(new ProcessEnd(null, 9));
    }

    @Test
    void itListensToSoManyAndNoMore() throws IOException {
        host.startIdle(directory);
        var strangers = new RawLauncher[15];
        for (int i = 0; i < strangers.length; i++) {
            strangers[i] = host.rawLauncher();
            assertThat(strangers[i].pid()).isPositive();
        }

        try (var tooMany = host.rawLauncher()) {
            assertThat(tooMany.closed()).isTrue();
        }
        strangers[0].close();
        assertThat(strangers[1].pid()).isPositive();
        for (var stranger : strangers) {
            stranger.close();
        }
    }

    @Test
    void aKilledProcessIsGone() throws IOException {
        var process = host.startIdle(directory);

        await(host.processes.kill(directory, process));

        assertThat(ProcessEntry.alive(process)).isFalse();
        await(host.processes.kill(directory, process));
    }

    @Test
    void aDecoyThatStartedAtAnotherTimeIsNotKilled() throws IOException {
        var decoy = host.startIdle(directory);

        await(host.processes.kill(directory, new VmmProcess(decoy.pid(), decoy.startTicks() - 1)));

        assertThat(ProcessEntry.alive(decoy)).isTrue();
    }

    @Test
    void aDecoyThatNamesAnotherVmIsNotKilled() throws IOException {
        var decoy = host.startIdle(host.directory("vm-10"));

        await(host.processes.kill(directory, decoy));

        assertThat(ProcessEntry.alive(decoy)).isTrue();
    }

    @Test
    void withoutAnyThatRunsEveryCallSaysSo() throws IOException {
        var broken = host.launchedBy(new LauncherProgram("no program".getBytes(UTF_8)));
        var idle = directory.path().resolve("idle");

        assertThatThrownBy(() -> host.startIdle(directory, broken))
                .isInstanceOf(HostException.class)
                .hasMessageStartingWith("launcher cannot start")
                .hasMessageNotContaining(host.stateDir().toString());
        assertThatThrownBy(() -> await(broken.kill(directory, new VmmProcess(1, 1))))
                .isInstanceOf(HostException.class);
        assertThat(idle).doesNotExist();
        await(broken.close());
    }

    @Test
    void itGoesWhenNobodyCouldReachItAnyMore() throws IOException {
        var process = host.startIdle(directory);
        try (var launcher = host.rawLauncher()) {
            launcher.pid();

            Files.delete(host.stateDir().resolve("launcher.sock"));

            assertThat(launcher.closed()).isTrue();
        }
        assertThat(ProcessEntry.alive(process)).isTrue();
    }

    private static long parent(VmmProcess process) {
        return ProcessHandle.of(process.pid())
                .flatMap(ProcessHandle::parent)
                .orElseThrow()
                .pid();
    }
}
